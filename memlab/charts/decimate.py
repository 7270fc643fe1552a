"""Reduces any number of points to one span per column, exactly: spikes stay visible at any zoom.

Only the extremes of a column are transformed, so a million points are cheap.
"""

import numpy as np
from numpy.typing import NDArray

from memlab.charts.chart import Values
from memlab.charts.scale import Axis, Floats, forward


def visible(x: Values, axis: Axis) -> slice:
    """Mask of the points that the axis can show."""
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
    edges = axis.value(np.linspace(0.0, 1.0, columns + 1))
    edges[0], edges[-1] = axis.low, axis.high
    starts = np.searchsorted(x, edges)
    phase_text = _crossings(x, y, axis, log, starts)
    starts[-1] = visible(x, axis).stop
    low, high = (forward(extreme, log) for extreme in _extremes(y, starts, log))
    low = np.fmin(low, np.fmin(phase_text[:-1], phase_text[1:]))
    high = np.fmax(high, np.fmax(phase_text[:-1], phase_text[1:]))
    return low, high


def _extremes(y: Values, starts: NDArray[np.intp], log: bool) -> tuple[Floats, Floats]:
    """Minimum and maximum of the drawable values in y[starts[i]:starts[i + 1]]."""
    low, high = np.full(len(starts) - 1, np.nan), np.full(len(starts) - 1, np.nan)
    filled = np.diff(starts) > 0
    if filled.any():
        y = y[starts[0] : starts[-1]]
        shown = np.isfinite(y) & (y > 0) if log else np.isfinite(y)
        y = np.where(shown, y, np.nan)
        first = starts[:-1][filled] - starts[0]
        low[filled], high[filled] = np.fmin.reduceat(y, first), np.fmax.reduceat(y, first)
    return low, high


def _crossings(x: Values, y: Values, axis: Axis, log: bool, after: NDArray[np.intp]) -> Floats:
    """The curve interpolated at column borders, each just before point `after`; NaN in a gap."""
    between = (after > 0) & (after < len(x))
    after = after[between]
    phase_text = np.full(len(between), np.nan)
    a, b = axis.place(x[after - 1]), axis.place(x[after])
    va, vb = forward(y[after - 1], log), forward(y[after], log)
    at = np.linspace(0.0, 1.0, len(between))[between]
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        phase_text[between] = va + np.clip((at - a) / (b - a), 0, 1) * (vb - va)
    return phase_text
