"""Reduces any number of points to one span per column, exactly: spikes stay visible at any zoom.

Only the extremes of a column are transformed, so a million points are cheap.
"""

import math
from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from memlab.charts.chart import Values
from memlab.charts.scale import Axis, Floats, forward


def visible(x: Values, axis: Axis) -> slice:
    """The points that the axis can show."""
    return slice(int(x.searchsorted(axis.low)), int(x.searchsorted(axis.high, side="right")))


def spans(curves: Sequence[tuple[Values, Values]], axis: Axis, log: bool, columns: int) -> Floats:
    """Minimum and maximum of curves in each of `columns` equal parts of the x axis.

    A curve is the polyline through its points as the axes see them, so a column without points
    contains the part of the line that crosses it.

    Args:
        curves: steps, ascending, and values of each; what the y axis cannot show is a gap.
        axis: the x axis.
        log: whether the y axis is logarithmic.
        columns: number of parts, >= 1.

    Returns:
        (low or high, curve, column), in log10 units if `log`; NaN where a curve is not.
    """
    places, edges = _borders(axis, columns)
    extremes = np.full((2, len(curves), columns), np.nan)
    # x and y of the points before and after each border: (x or y, before or after, curve, border).
    around = np.full((2, 2, len(curves), columns + 1), np.nan)
    for i, (x, y) in enumerate(curves):
        if not len(x):
            continue
        starts = np.maximum.accumulate(x.searchsorted(edges))  # also if a record's steps descend
        before, after = np.maximum(starts - 1, 0), np.minimum(starts, len(x) - 1)
        around[:, :, i] = (x[before], x[after]), (y[before], y[after])
        around[1, :, i, before == after] = np.nan  # before the first point, or after the last
        starts[-1] = max(starts[-1], x.searchsorted(axis.high, side="right"))
        _add_extremes(extremes[:, i], y, starts, log)
    if log:
        np.log10(extremes, out=extremes)
    x = axis.place(around[0]) if axis.log else axis.place_forward(around[0])
    crossings = _crossings(x, forward(around[1], log), places)
    for ends, further in zip(extremes, (np.fmin, np.fmax), strict=True):
        further(ends, further(crossings[:, :-1], crossings[:, 1:]), out=ends)
    return extremes


# The curves of a chart have the same borders.
@lru_cache(maxsize=8)
def _borders(axis: Axis, columns: int) -> tuple[Floats, Floats]:
    """Positions on the x axis of the borders of `columns` equal parts, and the steps there."""
    places = np.linspace(0.0, 1.0, columns + 1)
    edges = axis.value(places)
    edges[0], edges[-1] = axis.low, axis.high
    return places, edges


def _add_extremes(extremes: Floats, y: Values, starts: NDArray[np.intp], log: bool) -> None:
    """Set minimum and maximum, (2, part), of the drawable values in y[starts[i]:starts[i + 1]]."""
    filled = starts[1:] > starts[:-1]
    first = starts[:-1][filled]
    if not len(first):
        return
    y, first = y[first[0] : starts[-1]], first - first[0]
    low, high = np.minimum.reduceat(y, first), np.maximum.reduceat(y, first)
    # A value that cannot be drawn is an extreme, or makes it NaN; most curves have none.
    least, most = float(low.min()), float(high.max())
    if not (math.isfinite(least) and math.isfinite(most)) or (log and least <= 0):
        shown = np.isfinite(y) & (y > 0) if log else np.isfinite(y)
        y = np.where(shown, y, np.nan)
        low, high = np.fmin.reduceat(y, first), np.fmax.reduceat(y, first)
    extremes[0, filled], extremes[1, filled] = low, high


def _crossings(x: Floats, y: Floats, places: Floats) -> Floats:
    """(curve, border): curves interpolated at `places` between the points before and after, given
    as (2, curve, border); NaN in a gap.
    """
    (before, after), (low, high) = x, y
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        share = np.minimum(np.maximum((places - before) / (after - before), 0), 1)
        return np.asarray(low + share * (high - low))
