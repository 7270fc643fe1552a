"""A read-only console allows no changes."""

import pytest

from memlab.record.runs import list_runs

CHANGES = {
    "1": ("s", "ctrl+r", "ctrl+t", "w", "e", "m"),
    "3": ("n", "number_sign", "N", "D", "delete", "u", "r"),
    "5": ("K", "C", "e", "F"),
}


@pytest.mark.parametrize("screen", CHANGES)
async def test_no_key_of_a_read_only_console_changes_anything(
    console, make_run, here, trained, settle, screen
):
    run = make_run()
    before = {path: path.read_bytes() for path in here.rglob("*") if path.is_file()}
    async with console(read_only=True) as (app, pilot):
        await pilot.press(screen)
        await settle(app, pilot)
        shown = app.screen
        for key in CHANGES[screen]:
            await pilot.press(key)
            await settle(app, pilot)
            assert app.screen is shown, f"{key} opens a dialog"
        assert not app.query("Button")
    assert {path: path.read_bytes() for path in here.rglob("*") if path.is_file()} == before
    assert [folder.path for folder in list_runs(here / "runs")] == [run.path]
    assert not trained.trained


async def test_the_same_keys_change_something_in_other_consoles(console, make_run, settle):
    make_run()
    async with console() as (app, pilot):
        await pilot.press("3")
        await settle(app, pilot)
        await pilot.press("n")
        await pilot.pause()
        assert type(app.screen).__name__ == "TextPrompt"
