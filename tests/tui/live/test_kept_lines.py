"""Widgets that keep their lines show what they would show if they were rendered again."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from textual.app import App
from textual.strip import Strip

from memlab.record.attempt_writer import AttemptWriter
from memlab.record.events import Phase, Started
from memlab.record.folder import RunFolder
from memlab.tui.live.event_list import EventList


def picture(app: App[Any]) -> list[Strip]:
    return [strip.simplify() for strip in app.screen._compositor.render_strips()]


@pytest.mark.parametrize("theme", ["nord", "textual-light", "ansi-light"])
async def test_a_picture_painted_before_the_styles_of_a_new_theme_is_not_kept(
    theme: str, opened: Callable[..., Any], finished: RunFolder
) -> None:
    """Textual applies the styles of a theme some time after the theme has changed."""
    pictures = []
    for painted in (False, True):
        async with opened(finished) as (pilot, screen):
            if painted:
                picture(pilot.app)
            pilot.app.theme = theme
            if painted:
                for panel in screen._panels._all_panels():
                    panel.draw()
                picture(pilot.app)
            await pilot.pause()
            pictures.append(picture(pilot.app))
    assert pictures[0] == pictures[1]


async def test_tabs_are_underlined_while_one_is_clicked(
    opened: Callable[..., Any], finished: RunFolder
) -> None:
    """Textual removes the style of links while the mouse selects text."""

    def underlined(app: App[Any]) -> bool:
        first = picture(app)[0].divide([len(" memlab "), len(" memlab  1")])[1]
        return all(style and style.underline for _, style, _ in first)

    async with opened(finished) as (pilot, _):
        assert underlined(pilot.app)
        await pilot.mouse_down(offset=(60, 0))
        await pilot.hover(offset=(50, 0))
        assert underlined(pilot.app)
        await pilot.mouse_up(offset=(60, 0))


async def test_charts_are_the_same_after_one_of_them_was_shown_alone(
    opened: Callable[..., Any], finished: RunFolder
) -> None:
    """Their resolution is that of the widest chart, not of the one before."""
    async with opened(finished) as (pilot, screen):
        before = picture(pilot.app)
        for _ in range(2):
            await pilot.press("enter")
            screen.viewer.cursor.hold(1399 - screen._panels.is_full, 1400)
            screen.viewer.cursor.follow()
            await pilot.pause()
        after = picture(pilot.app)
    assert before == after


async def test_an_attempt_that_replaces_as_many_events_as_it_adds_is_shown(
    opened: Callable[..., Any],
    new_run: Callable[..., RunFolder],
    begin_run: Callable[..., AttemptWriter],
    tmp_path: Path,
) -> None:
    folder = new_run(tmp_path)
    with begin_run(folder) as first:
        first.write(Started(step=0, attempt=1, device="cpu", engine="tree"))
        first.write(Phase(step=40, name="memorized", after=20, threshold=0.99, split="train"))
    async with opened(folder) as (pilot, screen):
        events = screen.query_one(EventList)
        assert "memorized" in events.render().plain
        with begin_run(folder, seq=1) as second:
            second.write(Started(step=0, attempt=2, device="cpu", engine="tree", resumed_from=0))
            screen.poll()
            await pilot.pause()
            assert "attempt 2" in events.render().plain
            assert "memorized" not in events.render().plain
