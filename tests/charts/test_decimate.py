import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from memlab.charts.decimate import spans
from memlab.charts.scale import Axis


def spans_by_plain_loops(x, y, axis, log, columns):
    """Minimum and maximum per column, from a loop over all points and column borders."""
    low, high = np.full(columns, np.nan), np.full(columns, np.nan)

    def update(column: int, value: float) -> None:
        if 0 <= column < columns and np.isfinite(value):
            low[column] = np.fmin(low[column], value)
            high[column] = np.fmax(high[column], value)

    forward = np.log10 if log else np.asarray
    edges = axis.value(np.linspace(0, 1, columns + 1))
    edges[0], edges[-1] = axis.low, axis.high
    shown = np.isfinite(y) & (y > 0) if log else np.isfinite(y)
    for i in range(len(x)):
        if shown[i] and axis.low <= x[i] <= axis.high:
            column = min(int((edges <= x[i]).sum()) - 1, columns - 1)
            update(column, float(forward(y[i])))
    for i in range(len(x) - 1):
        if not (shown[i] and shown[i + 1]) or x[i] == x[i + 1] or (axis.log and x[i] <= 0):
            continue
        a, b = axis.place(x[i]), axis.place(x[i + 1])
        for e in range(columns + 1):
            if x[i] < edges[e] <= x[i + 1]:
                w = (e / columns - a) / (b - a)
                value = float(forward(y[i]) + w * (forward(y[i + 1]) - forward(y[i])))
                update(e - 1, value)
                update(e, value)
    return low, high


values = st.one_of(
    st.floats(1e-12, 1e6),
    st.sampled_from([0.0, -1.0, np.nan, np.inf, -np.inf]),
    st.floats(-5, -1e-12),
)


@settings(max_examples=200, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 60), values), max_size=50),
    st.booleans(),
    st.booleans(),
    st.integers(1, 40),
    st.tuples(st.integers(1, 70), st.integers(1, 70)),
)
def test_spans_equal_those_of_plain_loops(points, x_log, y_log, columns, window):
    points.sort(key=lambda p: p[0])
    x = np.array([p[0] for p in points], dtype=float)
    y = np.array([p[1] for p in points], dtype=float)
    axis = Axis.around(min(window), max(window), log=x_log)
    (low,), (high,) = spans([(x, y)], axis, y_log, columns)
    low_by_loops, high_by_loops = spans_by_plain_loops(x, y, axis, y_log, columns)
    assert_allclose(low, low_by_loops, rtol=1e-6, atol=1e-6)
    assert_allclose(high, high_by_loops, rtol=1e-6, atol=1e-6)


@settings(max_examples=50, deadline=None)
@given(st.integers(0, 99_999), st.integers(2, 300), st.booleans(), st.data())
def test_a_spike_of_one_step_is_kept_at_any_zoom(at: int, columns: int, x_log: bool, data):
    x = np.arange(1, 100_001, dtype=float)
    y = np.ones(100_000)
    y[at] = 50.0
    first = data.draw(st.integers(1, at + 1))
    last = data.draw(st.integers(at + 1, 100_000))
    _, (high,) = spans([(x, y)], Axis.around(first, last, log=x_log), True, columns)
    assert np.nanmax(high) == np.log10(50.0)


def test_a_window_between_two_points_shows_the_line_between_them():
    x, y = np.array([0.0, 10.0]), np.array([0.0, 10.0])
    (low,), (high,) = spans([(x, y)], Axis(4.0, 6.0), False, 2)
    assert_allclose(low, [4, 5])
    assert_allclose(high, [5, 6])


def test_no_line_is_drawn_across_nan():
    y = np.array([1.0, 1.0, np.nan, 1.0, 1.0])
    (low,), (high,) = spans([(np.arange(5.0), y)], Axis(0.0, 4.0), False, 8)
    assert_array_equal(np.isnan(low), [False, False, False, True, True, True, False, False])
    assert_array_equal(np.isnan(high), np.isnan(low))


def test_without_points_there_are_no_spans():
    low, high = spans([(np.empty(0), np.empty(0))], Axis(0.0, 1.0), True, 3)
    assert np.isnan(low).all()
    assert np.isnan(high).all()
