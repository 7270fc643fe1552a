"""An edit is displayed for different orders of events."""

from collections.abc import Callable
from typing import Any

import pytest

from memlab.record.events import Checkpoint, Edited
from memlab.record.folder import RunFolder
from memlab.tui.live.event_list import EventList
from memlab.tui.live.frame import text_of
from memlab.tui.live.screen import RunScreen

STEP = 5


def newer(writer: Any, n: int) -> None:
    """Write `n` newer events that the list shows."""
    for i in range(n):
        writer.write(Checkpoint(step=STEP + 1 + i, best_step=None))


def events_shown(screen: RunScreen) -> str:
    """The visible lines of the event list."""
    return screen.query_one(EventList).render().plain


@pytest.mark.parametrize("size", [(120, 40), (160, 48)])
async def test_an_edit_is_drawn_at_the_next_poll(
    live: tuple[RunFolder, Any, Any], opened: Callable[..., Any], size: tuple[int, int]
) -> None:
    folder, writer, _ = live
    async with opened(folder, size=size) as (pilot, screen):
        writer.write(Edited(step=STEP, changes={"optimizer.lr": 0.005}))
        assert "edited" not in events_shown(screen)
        screen.poll()
        await pilot.pause()
        assert "edited: lr 0.005" in events_shown(screen)


@pytest.mark.parametrize("size", [(120, 40), (160, 48)])
async def test_newer_events_between_two_polls_push_an_edit_out_of_the_list_but_not_out_of_the_settings(
    live: tuple[RunFolder, Any, Any], opened: Callable[..., Any], size: tuple[int, int]
) -> None:
    folder, writer, _ = live
    async with opened(folder, size=size) as (pilot, screen):
        room = screen.query_one(EventList).size.height
        writer.write(Edited(step=STEP, changes={"optimizer.lr": 0.005}))
        newer(writer, room)
        screen.poll()
        await pilot.pause()
        assert "edited" not in events_shown(screen)
        assert any(
            isinstance(e, Edited)
            for e in screen.query_one(EventList).lines(screen.viewer.view_state())
        )
        await pilot.press("i")
        await pilot.pause()
        screen.poll()
        await pilot.pause()
        assert f"✎ 0.005 at step {STEP}" in text_of(screen)
