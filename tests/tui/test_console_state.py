"""State that the console stores between sessions."""

import json
from pathlib import Path

import pytest

from memlab.record import files
from memlab.tui.console_state import ConsoleState, state_file


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "state" / "memlab" / "console.json"


def test_stored_state_is_readable_json_for_the_next_session(file: Path) -> None:
    ConsoleState(file).keep("theme", "nord")
    ConsoleState(file).keep("runs_order", "-val_loss")
    ConsoleState(file).keep("theme", "gruvbox")
    assert ConsoleState(file).recall("theme") == "gruvbox"
    assert json.loads(file.read_text()) == {"theme": "gruvbox", "runs_order": "-val_loss"}
    assert [path.name for path in file.parent.iterdir()] == [file.name]


@pytest.mark.parametrize(
    "damage",
    [b"", b"{", b"[1]", b'"theme"', b"\xff\xfe", b"[" * 60000, b" " * 100000, b'{"theme": 3}'],
    ids=["empty", "cut", "list", "text", "no text", "deep", "large", "number"],
)
def test_a_damaged_file_is_ignored_and_replaced(file: Path, damage: bytes) -> None:
    file.parent.mkdir(parents=True)
    file.write_bytes(damage)
    assert ConsoleState(file).recall("theme") is None
    ConsoleState(file).keep("theme", "nord")
    assert ConsoleState(file).recall("theme") == "nord"


@pytest.mark.parametrize("blocked", ["file", "folder above", "no room"])
def test_a_folder_that_cannot_be_written_to_is_ignored(file, monkeypatch, blocked) -> None:
    if blocked == "file":
        file.mkdir(parents=True)
    elif blocked == "folder above":
        file.parent.parent.write_text("in the way")
    else:

        def full(*_: object) -> int:
            raise OSError(28, "No space left on device")

        monkeypatch.setattr(files.calls, "pwrite", full)
    ConsoleState(file).keep("theme", "nord")
    assert ConsoleState(file).recall("theme") is None


def test_without_a_file_nothing_is_stored() -> None:
    memory = ConsoleState()
    memory.keep("theme", "nord")
    assert memory.recall("theme") is None


@pytest.mark.parametrize(
    ("state", "home", "place"),
    [
        ("/state", "/home/ada", "/state/memlab/console.json"),
        ("", "/home/ada", "/home/ada/.local/state/memlab/console.json"),
        ("relative", "/home/ada", "/home/ada/.local/state/memlab/console.json"),
    ],
)
def test_the_file_is_in_the_folder_of_the_xdg_standard(monkeypatch, state, home, place) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", state)
    monkeypatch.setenv("HOME", home)
    assert state_file() == Path(place)


async def test_theme_and_sort_order_are_restored(console, make_run, settle, file) -> None:
    for i, name in enumerate(("b", "c", "a")):
        make_run(name=name, grokked=200 + 100 * i)
    async with console(state=ConsoleState(file), begin="runs") as (app, pilot):
        app.theme = "nord"
        await pilot.press("3")
        await settle(app, pilot)
        await pilot.press("o", "i")
        await settle(app, pilot)
        order = app.screen._listing.order
        shown = [entry.name for entry in app.screen._listing.shown]
    async with console(state=ConsoleState(file), begin="runs") as (app, pilot):
        assert app.theme == "nord"
        await pilot.press("3")
        await settle(app, pilot)
        assert app.screen._listing.order == order
        assert [entry.name for entry in app.screen._listing.shown] == shown


async def test_unknown_stored_values_are_ignored(console, make_run, settle, file) -> None:
    make_run()
    ConsoleState(file).keep("theme", "[red]\x1b no such theme")
    ConsoleState(file).keep("runs_order", "-no such column")
    async with console(state=ConsoleState(file), begin="runs") as (app, pilot):
        await pilot.press("3")
        await settle(app, pilot)
        await pilot.press("o", "O", "i")
        await settle(app, pilot)
        assert len(app.screen._listing.shown) == 1
