"""From any number of points to one span a column, exactly: no spike vanishes at any zoom."""

import numpy as np

from memlab.charts.chart import Values
from memlab.charts.scale import Axis, Floats, forward


def visible(x: Values, y: Values, axis: Axis) -> tuple[Values, Values]:
    """The points on the axis and one neighbour at either side, to draw lines to the border."""
    first = max(int(np.searchsorted(x, axis.low)) - 1, 0)
    last = int(np.searchsorted(x, axis.high, side="right")) + 1
    return x[first:last], y[first:last]


def spans(x: Values, y: Values, axis: Axis, log: bool, columns: int) -> tuple[Floats, Floats]:
    """Lowest and highest value of a curve in each of `columns` equal parts of the x axis.

    The curve is the polyline through its points as the axes see them, so a column without points
    holds the part of the line that crosses it.

    Args:
        x: steps, ascending.
        y: values; what the y axis cannot show is a gap.
        axis: the x axis.
        log: whether the y axis is logarithmic.
        columns: how many parts, >= 1.

    Returns:
        (low, high), each `columns` long, in log10 units if `log`; NaN where the curve is not.
    """
    x, y = visible(x, y, axis)
    place, value = axis.place(x), forward(y, log)
    known = np.isfinite(place)
    place, value = place[known], value[known]
    low, high = _extremes(place, value, columns)
    if not len(place):
        return low, high
    edges = np.linspace(0.0, 1.0, columns + 1)
    crossing = np.interp(edges, place, value, left=np.nan, right=np.nan)
    low = np.fmin(low, np.fmin(crossing[:-1], crossing[1:]))
    high = np.fmax(high, np.fmax(crossing[:-1], crossing[1:]))
    return low, high


def _extremes(place: Floats, value: Floats, columns: int) -> tuple[Floats, Floats]:
    """Minimum and maximum of the points within each column."""
    low, high = np.full(columns, np.nan), np.full(columns, np.nan)
    inside = (place >= 0) & (place <= 1) & np.isfinite(value)
    place, value = place[inside], value[inside]
    if len(place):
        column = np.minimum((place * columns).astype(np.int64), columns - 1)
        starts = np.flatnonzero(np.diff(column, prepend=-1))
        low[column[starts]] = np.minimum.reduceat(value, starts)
        high[column[starts]] = np.maximum.reduceat(value, starts)
    return low, high
