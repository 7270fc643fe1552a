"""The redraw rate."""

from memlab.tui.live.redraw_throttle import LONGEST, SHARE, RedrawThrottle


def drawings(cost: float, seconds: float, playing: bool = False) -> int:
    pace, used, n = RedrawThrottle(), 0.0, 0
    for i in range(round(seconds * 10)):
        if pace.due(i / 10, used, playing) is not None:
            n, used = n + 1, used + cost
    return n


def test_redraws_at_most_twice_per_second() -> None:
    assert drawings(cost=0.001, seconds=60) == 120


def test_drawing_takes_at_most_its_share_of_the_time() -> None:
    for cost in (0.01, 0.02, 0.03):
        assert drawings(cost, seconds=100) * cost <= SHARE * 100 + cost


def test_slow_machines_still_redraw() -> None:
    assert drawings(cost=10, seconds=100) >= 100 / LONGEST - 1


def test_a_replay_in_which_nothing_trains_is_smooth() -> None:
    assert drawings(cost=0.05, seconds=10, playing=True) >= 90


def test_time_before_a_restart_is_not_counted() -> None:
    pace = RedrawThrottle()
    pace.restart(100.0, used=7.0)
    assert pace.due(100.4, 7.0, playing=False) is None
    assert pace.due(100.5, 7.005, playing=False) == 0.5


def test_the_next_redraw_is_due_after_the_wait() -> None:
    pace = RedrawThrottle()
    assert pace.wait(50.0, 1.0, playing=False) <= 0
    pace.restart(50.0, used=1.0)
    wait = pace.wait(50.1, 1.01, playing=False)
    assert pace.due(50.1 + wait - 0.001, 1.01, playing=False) is None
    assert pace.due(50.1 + wait + 0.001, 1.01, playing=False) is not None
