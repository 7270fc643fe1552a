"""The cursor in the history of a run."""

import pytest

from memlab.tui.live.cursor import Cursor, neighbour


def test_a_cursor_at_the_end_follows_and_one_before_it_is_held() -> None:
    cursor = Cursor(None, rate=10)
    cursor.hold(30, last=100)
    assert cursor.at == 30
    cursor.hold(100, last=100)
    assert cursor.at is None


def test_playing_moves_by_seconds_times_rate_times_speed_for_any_ticks() -> None:
    cursor = Cursor(None, rate=10, speed=4)
    cursor.hold(100, last=1000)
    cursor.playing = True
    for _ in range(7):
        cursor.advance(0.01, last=1000)
    assert cursor.at == 102
    for _ in range(93):
        cursor.advance(0.01, last=1000)
    assert cursor.at in (139, 140)


def test_playing_stops_at_the_end_and_restarts_at_the_start() -> None:
    cursor = Cursor(None, rate=10)
    cursor.hold(95, last=100)
    cursor.playing = True
    assert cursor.advance(2, last=100)
    assert (cursor.at, cursor.playing) == (None, False)
    cursor.play(True)
    assert (cursor.at, cursor.playing) == (0, True)


def test_a_paused_cursor_does_not_move() -> None:
    cursor = Cursor(None, rate=10)
    cursor.hold(5, last=100)
    assert not cursor.advance(100, last=100)
    assert cursor.at == 5


@pytest.mark.parametrize(
    ("step", "by", "found"),
    [(0, 1, 10), (10, 1, 20), (15, -1, 10), (10, -1, None), (30, 1, None), (35, -1, 30)],
)
def test_neighbours_are_strictly_beyond(step: int, by: int, found: int | None) -> None:
    assert neighbour([10, 20, 30], step, by) == found
