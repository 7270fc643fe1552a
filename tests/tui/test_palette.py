"""The command palette, and keys pressed while it closes."""

import pytest
from textual.events import Key

from memlab.tui.lab.form import SettingsForm
from memlab.tui.palette import Palette

TOO_FAST = [("enter",) * 4, ("enter", "escape"), ("escape", "escape"), ("escape", "enter")]
"""If there is one row, the first `enter` may select it and the second execute it."""


def _press_at_once(app, *keys: str) -> None:
    for key in keys:
        app.post_message(Key(key, None))


@pytest.mark.parametrize(
    ("begin", "key", "sought", "keys"),
    [
        *(("lab", "ctrl+p", "revert", keys) for keys in TOO_FAST[:2]),
        *(("runs", "t", "nord", keys) for keys in TOO_FAST[:1]),
        *(("runs", "ctrl+p", "", keys) for keys in TOO_FAST[1:2]),
        *(pytest.param("lab", "ctrl+p", "revert", k, marks=pytest.mark.slow) for k in TOO_FAST[2:]),
        *(pytest.param("runs", "t", "nord", k, marks=pytest.mark.slow) for k in TOO_FAST[1:]),
        *(
            pytest.param("runs", "ctrl+p", "", TOO_FAST[i], marks=pytest.mark.slow)
            for i in (0, 2, 3)
        ),
    ],
)
async def test_keys_pressed_while_the_palette_closes_have_no_effect(
    console, settle, begin, key, sought, keys
) -> None:
    async with console(begin=begin) as (app, pilot):
        await pilot.press(key, *sought)
        await settle(app, pilot)
        await pilot.press("down")
        assert isinstance(app.screen, Palette)
        _press_at_once(app, *keys)
        await settle(app, pilot)
        assert app.is_running
        assert not isinstance(app.screen, Palette)


async def test_a_choice_is_executed_once(console, settle) -> None:
    done = []
    async with console(begin="runs") as (app, pilot):
        app.action_help = lambda: done.append("help")
        await pilot.press("ctrl+p", *"help")
        await settle(app, pilot)
        await pilot.press("down")
        _press_at_once(app, *["enter"] * 4)
        await settle(app, pilot)
        assert done == ["help"]


async def test_actions_of_the_screen_are_found_and_executed(console, settle) -> None:
    async with console() as (app, pilot):
        app.screen.query_one(SettingsForm).enter("model.n_layers")
        await pilot.press("4")
        await settle(app, pilot)
        assert app.screen._draft.differences
        await pilot.press("ctrl+p", *"lab revert")
        await settle(app, pilot)
        await pilot.press("enter", "enter")
        await settle(app, pilot)
        assert not app.screen._draft.differences


async def test_the_palette_opens_once(console, settle) -> None:
    async with console(begin="runs") as (app, pilot):
        _press_at_once(app, "ctrl+p", "ctrl+p")
        await settle(app, pilot)
        assert len(app.screen_stack) == 2


@pytest.mark.parametrize("size", [(100, 1), (4, 30)])
async def test_pages_of_the_palette_turn_in_any_terminal(console, settle, size) -> None:
    async with console(size=size, begin="runs") as (app, pilot):
        await pilot.press("ctrl+p")
        await settle(app, pilot)
        await pilot.press("pagedown", "pageup")
        assert isinstance(app.screen, Palette)


async def test_the_palette_opens_again_while_it_closes(console, settle) -> None:
    async with console(begin="runs") as (app, pilot):
        await pilot.press("ctrl+p")
        await settle(app, pilot)
        app.screen._action_escape()
        app.action_command_palette()
        await settle(app, pilot)
        assert len(app.screen_stack) == 2
