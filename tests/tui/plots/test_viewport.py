"""Windows, cursors and smoothing."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memlab.tui.plots.viewport import WEIGHTS, StepRange, Viewport, XExtent, first_weight

LAST = 10_000
ALL = XExtent.of_steps(LAST)
moves = st.lists(
    st.one_of(
        st.tuples(st.just("zoom"), st.sampled_from([0.5, 0.8, 1.25, 2.0])),
        st.tuples(st.just("pan"), st.sampled_from([-0.25, 0.25, 3.0, -3.0])),
        st.tuples(st.just("show"), st.integers(0, LAST).map(float)),
    ),
    max_size=12,
)


def moved(viewport: Viewport, kind: str, amount: float) -> Viewport:
    if kind == "zoom":
        return viewport.zoomed(amount, ALL)
    return viewport.panned(amount, ALL) if kind == "pan" else viewport.showing(amount, ALL)


@given(moves, st.booleans())
def test_no_movement_leaves_the_run(todo: list[tuple[str, float]], x_log: bool) -> None:
    viewport = Viewport(x_log=x_log)
    for kind, amount in todo:
        viewport = moved(viewport, kind, amount)
        low, high = viewport.span(ALL)
        assert (1 if x_log else 0) <= low < high <= LAST


def test_zooming_keeps_the_step_under_the_mouse_where_it_is() -> None:
    viewport = Viewport().zoomed(0.5, ALL, around=2500)
    low, high = viewport.span(ALL)
    assert (2500 - low) / (high - low) == pytest.approx(0.25)
    assert high - low == pytest.approx(LAST / 2)


def test_zooming_out_returns_to_all_steps() -> None:
    viewport = Viewport().zoomed(0.5, ALL).zoomed(2, ALL)
    assert viewport.window is None


def test_a_window_at_the_end_stays_there_as_the_run_grows() -> None:
    viewport = Viewport(window=StepRange(9000, 10_000, at_end=True))
    assert viewport.span(XExtent.of_steps(12_000)) == (11_000, 12_000)


def test_a_window_in_the_middle_stays_where_it_is() -> None:
    viewport = Viewport(window=StepRange(4000, 5000))
    assert viewport.span(XExtent.of_steps(12_000)) == (4000, 5000)


def test_the_window_follows_the_reading_cursor_out_of_it() -> None:
    viewport = replace(Viewport(), window=StepRange(1000, 2000), reading=1999).read_on(0.5, ALL)
    low, high = viewport.span(ALL)
    assert viewport.reading == 2499
    assert low <= 2499 <= high


def test_the_reading_cursor_moves_by_at_least_one_step() -> None:
    assert Viewport(reading=5).read_on(1e-6, ALL).reading == 6
    assert Viewport(reading=5).read_on(-1e-6, ALL).reading == 4
    assert Viewport(reading=0).read_on(-1e-6, ALL).reading == 0


def test_smoothing_steps_through_its_weights_and_stops_at_the_ends() -> None:
    viewport = Viewport()
    for weight in WEIGHTS[1:] + WEIGHTS[-1:]:
        viewport = viewport.smoother(1)
        assert viewport.weight == weight


@pytest.mark.parametrize("steps", [10, 1400, 40_000, 1_000_000])
def test_the_first_smoothing_averages_over_at_most_a_hundredth_of_the_run(steps: int) -> None:
    assert 1 / (1 - first_weight(steps, noisy=True)) <= max(steps / 100, 1) * 1.0001
    assert first_weight(steps, noisy=False) == 0
