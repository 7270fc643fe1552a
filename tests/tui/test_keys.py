"""Bindings, footer and help are generated from one table."""

import importlib
import inspect
import pkgutil
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st
from textual import events
from textual.screen import Screen
from textual.widgets import Input

import memlab.tui
from memlab.tui import keys
from memlab.tui.app import Memlab
from memlab.tui.footer import Footer, number_shown
from memlab.tui.help import Help, HelpSection, help_for, laid_out
from memlab.tui.keys import Key, Keys
from memlab.tui.lab.form import SettingsForm
from memlab.tui.live.frame import text_of
from memlab.tui.screens import SCREENS


def _owners() -> Iterator[type]:
    for module in pkgutil.walk_packages(memlab.tui.__path__, "memlab.tui."):
        loaded = importlib.import_module(module.name)
        for _, cls in inspect.getmembers(loaded, inspect.isclass):
            if cls.__module__ == module.name and "KEYS" in vars(cls):
                yield cls


OWNERS = list(_owners())


def test_the_tables_are_found() -> None:
    assert len(OWNERS) >= 9


@pytest.mark.parametrize("cls", OWNERS, ids=lambda cls: cls.__name__)
def test_every_key_has_an_action_method(cls: type) -> None:
    for key in cls.KEYS.rows:  # type: ignore[attr-defined]
        name = key.action.partition("(")[0]
        where = cls if "." not in name else Memlab
        assert hasattr(where, f"action_{name.rpartition('.')[2]}"), key


@pytest.mark.parametrize("cls", OWNERS, ids=lambda cls: cls.__name__)
def test_the_bindings_are_those_of_the_table(cls: type) -> None:
    bound = {binding.key for binding in cls.BINDINGS}  # type: ignore[attr-defined]
    assert {key.press for key in cls.KEYS.rows} <= bound  # type: ignore[attr-defined]


def test_keys_are_shown_by_their_usual_names() -> None:
    assert Key("j,down", "x", "x", "x").shown == "j ↓"
    assert Key("left_square_bracket", "x", "x", "x").shown == "["


@pytest.mark.parametrize(
    "table",
    [value for value in vars(keys).values() if isinstance(value, Keys)],
    ids=lambda t: t.title,
)
def test_no_key_occurs_twice_in_a_table(table: Keys) -> None:
    presses = [press for key in table.rows for press in key.press.split(",")]
    assert len(presses) == len(set(presses))


async def test_help_lists_the_keys_of_the_focused_widget_and_its_ancestors(console) -> None:
    async with console(begin="runs") as (app, pilot):
        await pilot.press("3")
        text = laid_out(help_for(app.focused, app.screen).sections, 1000).plain
        for table in (keys.TABLE, keys.RUNS, keys.APP):
            assert table.title in text
            assert all(key.help in text for key in table.rows)
        assert keys.LAB.title not in text.splitlines()


async def test_help_omits_keys_that_are_overridden(console, settle) -> None:
    async with console() as (app, pilot):
        app.screen.query_one(SettingsForm).enter("model.n_layers")
        await settle(app, pilot)
        help = help_for(app.focused, app.screen)
        assert laid_out(help.sections, 200).plain.count("Back to the presets.") == 1
        assert "letters are typed" in help.heading


async def test_question_mark_opens_help_and_escape_closes_it(console) -> None:
    async with console() as (app, pilot):
        await pilot.press("question_mark")
        assert app.screen.query("#keys")
        await pilot.press("escape")
        assert app.current_mode == "lab"
        assert not app.screen.query("#keys")


def test_every_screen_of_the_table_can_be_imported() -> None:
    for entry in SCREENS:
        module, _, name = entry.screen_class.partition(":")
        assert issubclass(getattr(importlib.import_module(module), name), Screen), entry.mode


def test_modes_and_keys_of_screens_are_unique() -> None:
    for name in ("mode", "key", "title"):
        assert len({getattr(entry, name) for entry in SCREENS}) == len(SCREENS)


def test_the_help_has_as_many_columns_as_fit_and_loses_no_key() -> None:
    sections = [HelpSection(table.title, table.rows) for table in (keys.LAB, keys.RUNS, keys.TABLE)]
    for width in (40, 64, 130, 200):
        lines = laid_out(sections, width).plain.split("\n")
        assert all(len(line) <= width for line in lines)
        assert all(sum(key.shown in line for line in lines) for s in sections for key in s.rows)
    narrow, wide = (len(laid_out(sections, width).plain.split("\n")) for width in (64, 200))
    assert wide < 0.6 * narrow


async def test_the_help_is_searched_by_typing(console) -> None:
    async with console() as (app, pilot):
        await pilot.press("question_mark", *"filter")
        await pilot.pause()
        assert isinstance(app.screen, Help)
        shown = app.screen.query_one("#keys").render().plain
        assert "Filter the presets" in shown and "Train the preset" not in shown
        await pilot.press("escape")
        await pilot.pause()
        assert not isinstance(app.screen, Help)


@pytest.mark.parametrize(("begin", "field"), [("lab", "#preset-filter"), ("runs", "#filter")])
async def test_text_typed_in_one_burst_with_the_filter_key_is_in_the_filter(
    console, make_run, begin, field
) -> None:
    make_run(name="first")
    async with console(begin=begin) as (app, pilot):
        for name, character in [("slash", "/"), ("q", "q"), ("s", "s"), ("slash", "/")]:
            app.post_message(events.Key(name, character))
        await pilot.pause()
        assert app.screen.query_one(field, Input).value == "qs/"


async def test_the_footer_starts_with_help_and_quit_and_the_help_with_the_screen(
    console, settle
) -> None:
    async with console() as (app, pilot):
        for key, title in (("1", "Lab"), ("3", "Runs"), ("4", "Compare"), ("6", "Sweeps")):
            await pilot.press(key)
            await settle(app, pilot)
            assert [shown.action for shown in app.screen.query_one(Footer).shown][:2] == [
                "help",
                "quit",
            ]
            assert help_for(app.focused, app.screen).sections[0].title == title


@given(st.lists(st.integers(3, 20), max_size=20), st.integers(0, 120))
def test_the_footer_shows_as_many_keys_as_fit_and_says_how_many_more_there_are(widths, room):
    n = number_shown(widths, room)
    more = f"+{len(widths) - n} more" if n < len(widths) else ""
    assert n == 0 or sum(widths[:n]) + len(more) <= room
    if n == len(widths) - 1:
        assert sum(widths) > room


@pytest.mark.parametrize("width", [60, 80, 120])
async def test_no_key_of_the_footer_is_cut(console, make_run, settle, width) -> None:
    make_run()
    async with console(size=(width, 24), begin="runs") as (app, pilot):
        for screen in "1345":
            await pilot.press(screen)
            await settle(app, pilot)
            footer = text_of(app).splitlines()[-1]
            keys = app.screen.query_one(Footer).shown
            shown = " ".join(f"{key.display} {key.description}" for key in keys)
            assert footer.startswith(shown) and len(footer) <= width
            active = app.screen.active_bindings.values()
            actions = {binding.action for _, binding, _, _ in active if binding.show}
            hidden = len(actions) - len(keys)
            assert footer.removeprefix(shown).strip() == (f"+{hidden} more" if hidden else "")


async def test_the_footer_follows_the_size_of_the_terminal(console, make_run, settle) -> None:
    make_run()
    async with console(size=(60, 24), begin="runs") as (app, pilot):
        narrow = len(app.screen.query_one(Footer).shown)
        await pilot.resize_terminal(140, 24)
        await settle(app, pilot)
        assert len(app.screen.query_one(Footer).shown) > narrow


async def test_the_footer_obeys_the_mouse(console, make_run, settle) -> None:
    make_run()
    async with console(begin="runs") as (app, pilot):
        footer = app.screen.query_one(Footer)
        place = [key.description for key in footer.shown].index("sort")
        x = sum(key.width for key in footer.shown[:place]) + 1
        plain = footer.render().spans
        await pilot.hover(Footer, (x, 0))
        assert footer.tooltip == footer.shown[place].help and footer.render().spans != plain
        await pilot.hover(Footer, (119, 0))
        assert footer.tooltip is None and footer.render().spans == plain


async def test_a_click_on_a_key_of_the_footer_does_what_the_key_does(console, settle) -> None:
    async with console(begin="runs") as (app, pilot):
        assert app.screen.query_one(Footer).shown[0].description == "help"
        await pilot.click(Footer, (1, 0))
        await settle(app, pilot)
        assert isinstance(app.screen, Help)
