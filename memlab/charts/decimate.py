"""Reduces any number of points to one span per column, exactly: spikes stay visible at any zoom.

Only the extremes of a column are transformed, so a million points are cheap.
"""

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from memlab.charts.chart import Values
from memlab.charts.scale import Axis, Floats, forward


def visible(x: Values, axis: Axis) -> slice:
    """The points that the axis can show."""
    first = np.searchsorted(x, axis.low)
    return slice(int(first), int(np.searchsorted(x, axis.high, side="right")))


def spans(x: Values, y: Values, axis: Axis, log: bool, columns: int) -> tuple[Floats, Floats]:
    """Minimum and maximum of a curve in each of `columns` equal parts of the x axis.

    The curve is the polyline through its points as the axes see them, so a column without points
    contains the part of the line that crosses it.

    Args:
        x: steps, ascending.
        y: values; what the y axis cannot show is a gap.
        axis: the x axis.
        log: whether the y axis is logarithmic.
        columns: number of parts, >= 1.

    Returns:
        (low, high), each `columns` long, in log10 units if `log`; NaN where the curve is not.
    """
    _, edges = _borders(axis, columns)
    starts = np.searchsorted(x, edges)
    crossings = _crossings(x, y, axis, log, starts)
    starts[-1] = np.searchsorted(x, axis.high, side="right")
    low, high = forward(_extremes(y, starts, log), log)
    low = np.fmin(low, np.fmin(crossings[:-1], crossings[1:]))
    high = np.fmax(high, np.fmax(crossings[:-1], crossings[1:]))
    return low, high


# The curves of a chart have the same borders.
@lru_cache(maxsize=8)
def _borders(axis: Axis, columns: int) -> tuple[Floats, Floats]:
    """Positions on the x axis of the borders of `columns` equal parts, and the steps there."""
    places = np.linspace(0.0, 1.0, columns + 1)
    edges = axis.value(places)
    edges[0], edges[-1] = axis.low, axis.high
    return places, edges


def _extremes(y: Values, starts: NDArray[np.intp], log: bool) -> Floats:
    """Minimum and maximum, (2, part), of the drawable values in y[starts[i]:starts[i + 1]]."""
    low, high = extremes = np.full((2, len(starts) - 1), np.nan)
    filled = starts[1:] > starts[:-1]
    if filled.any():
        y = y[starts[0] : starts[-1]]
        shown = np.isfinite(y) & (y > 0) if log else np.isfinite(y)
        y = np.where(shown, y, np.nan)
        first = starts[:-1][filled] - starts[0]
        low[filled], high[filled] = np.fmin.reduceat(y, first), np.fmax.reduceat(y, first)
    return extremes


def _crossings(x: Values, y: Values, axis: Axis, log: bool, after: NDArray[np.intp]) -> Floats:
    """The curve interpolated at column borders, each just before point `after`; NaN in a gap."""
    places, _ = _borders(axis, len(after) - 1)
    between = (after > 0) & (after < len(x))
    crossings = np.full(len(between), np.nan)
    ends = after[between] + [[-1], [0]]  # (2, border): the points around each border
    a, b = axis.place(x[ends])
    va, vb = forward(y[ends], log)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        share = np.minimum(np.maximum((places[between] - a) / (b - a), 0), 1)
        crossings[between] = va + share * (vb - va)
    return crossings
