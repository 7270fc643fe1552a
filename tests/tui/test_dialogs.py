"""Small windows, and keys that come faster than they close."""

import pytest
from textual.content import Content
from textual.events import Key

from memlab.preset.load import load
from memlab.tui.dialogs import Ask, Line, Tell
from memlab.tui.live.edit_form import EditForm

WINDOWS = {
    "ask": lambda: Ask(Content("Go on?"), {"yes": "yes"}),
    "line": lambda: Line(Content("Name"), "quickstart"),
    "tell": lambda: Tell(Content("Told"), Content("something")),
    "edit": lambda: EditForm(load("quickstart")),
}


@pytest.mark.parametrize(
    "keys", [("enter", "enter"), ("escape", "escape"), ("enter", "escape")], ids=" ".join
)
@pytest.mark.parametrize("make", WINDOWS.values(), ids=WINDOWS)
async def test_keys_that_come_while_a_window_closes_do_no_harm(console, settle, make, keys) -> None:
    answers = []
    async with console() as (app, pilot):
        app.push_screen(make(), answers.append)
        await settle(app, pilot)
        for key in keys:
            app.post_message(Key(key, None))
        await settle(app, pilot)
        assert app.is_running
        assert len(app.screen_stack) == len(answers) == 1
