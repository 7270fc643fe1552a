"""Dialogs, and keys pressed while they close."""

import pytest
from textual.containers import VerticalScroll
from textual.content import Content
from textual.events import Key

from memlab.preset.load import load
from memlab.tui.dialogs import Confirm, MessageBox, TextPrompt
from memlab.tui.live.edit_form import EditForm
from memlab.tui.live.frame import text_of

WINDOWS = {
    "ask": lambda: Confirm(Content("Go on?"), {"yes": "yes"}),
    "line": lambda: TextPrompt(Content("Name"), "quickstart"),
    "tell": lambda: MessageBox(Content("Told"), Content("something")),
    "edit": lambda: EditForm(load("quickstart")),
}


def _windows_and_keys():
    """All dialogs with all pairs of keys; most combinations are slow tests."""
    pairs = [("enter", "enter"), ("escape", "escape"), ("enter", "escape")]
    for name in WINDOWS:
        for keys in pairs:
            often = keys == pairs[0] or name == "ask"
            marks = () if often else pytest.mark.slow
            yield pytest.param(WINDOWS[name], keys, marks=marks, id=f"{name}-{' '.join(keys)}")


@pytest.mark.parametrize(("make", "keys"), _windows_and_keys())
async def test_keys_pressed_while_a_dialog_closes_have_no_effect(
    console, settle, make, keys
) -> None:
    answers = []
    async with console(begin="runs") as (app, pilot):
        app.push_screen(make(), answers.append)
        await settle(app, pilot)
        for key in keys:
            app.post_message(Key(key, None))
        await settle(app, pilot)
        assert app.is_running
        assert len(app.screen_stack) == len(answers) == 1


@pytest.mark.parametrize("size", [(80, 24), (100, 30), (120, 60)])
async def test_the_end_of_the_help_can_be_reached(console, settle, size) -> None:
    async with console(size=size) as (app, pilot):
        await pilot.press("2", "question_mark", *["pagedown"] * 9)
        await settle(app, pilot)
        window = app.screen.query_one("#box").region
        scroll = app.screen.query_one(VerticalScroll)
        assert app.screen.region.contains_region(window)
        assert window.contains_region(scroll.region)
        assert scroll.query_one("#keys").region.bottom <= scroll.region.bottom


async def test_a_dialog_with_short_text_is_small(console, settle) -> None:
    async with console(size=(80, 24), begin="runs") as (app, pilot):
        app.push_screen(MessageBox(Content("Told"), Content("something")))
        await settle(app, pilot)
        assert app.screen.query_one(".dialog").region.height == 9


async def test_the_smallest_terminal_shows_what_is_wrong_with_a_text(console) -> None:
    async with console(size=(40, 10), begin="runs") as (app, pilot):
        app.push_screen(
            TextPrompt(Content("A title of two lines " * 3), problem=lambda text: "wrong")
        )
        await pilot.pause()
        await pilot.press("x")
        await pilot.pause()
        assert "wrong" in text_of(app) and "x" in text_of(app)
