"""Geometry of a chart: axes, canvas, and the conversion from columns to steps."""

import math
from dataclasses import dataclass

import numpy as np

from memlab.charts.chart import Chart, Range
from memlab.charts.decimate import spans, visible
from memlab.charts.labels import Label, place_labels
from memlab.charts.legend import legend_lines
from memlab.charts.scale import Axis, Floats, Tick, forward
from memlab.charts.text import Fragment

SMALLEST = (24, 6)
"""Minimum width and height in cells."""

_MARGIN = 0.05
_OUTLIERS = 0.01
_PARTS = 256
"""Columns among whose extremes outliers are found, at any width of the chart."""
_LOW, _TALL = 5, 12
"""Heights from which on there are one or two rows for labels."""
_PER_LEGEND_LINE = 6
"""The legend takes at most one line per so many rows of the canvas, at least one."""


@dataclass(frozen=True)
class ChartLayout:
    """Position of a chart in a block of `width` by `height` cells; columns and rows count from 0."""

    x: Axis
    y: Axis
    x_ticks: list[Tick]
    y_ticks: list[Tick]
    left: int
    """columns left of the canvas: tick labels and the axis"""
    top: int
    """rows above the canvas: the legend, the labels of the rules"""
    columns: int
    rows: int

    spans: Floats
    """lowest and highest points of all curves by half column; see `_spans`"""
    legend: list[list[Fragment]]
    """its lines"""
    label_rows: int
    """rows above the canvas, below the legend, for the labels of the rules"""
    labels: list[Label]
    """the labels of the rules"""

    def column(self, step: float) -> int | None:
        """The canvas column of a step; None if it is not visible."""
        return self.x.cell(step, self.columns)

    def row(self, value: float) -> int | None:
        """The canvas row of a value, counted from the bottom; None if it is not visible."""
        return self.y.cell(value, self.rows)

    def step(self, column: int) -> float:
        """The step at the middle of a canvas column, e.g. under the mouse."""
        return float(self.x.value((column + 0.5) / self.columns))


def layout(
    chart: Chart,
    width: int,
    height: int,
    *,
    colour: bool = True,
    like: ChartLayout | None = None,
) -> ChartLayout | None:
    """The layout for `draw`; None if there is no room or nothing to show.

    Args:
        like: an earlier layout. If the new one has as many columns, curves are decimated only once.
    """
    if width < SMALLEST[0] or height < SMALLEST[1]:
        return None
    x = _x_axis(chart)
    if x is None:
        return None
    drawn = _spans(chart, x, like.columns if like else width)
    y = _y_axis(chart, x, drawn)
    if y is None:
        return None
    rows = height - 3
    most = max(1, rows // _PER_LEGEND_LINE)
    y_ticks = y.ticks(max(3, rows // 4))
    left = max((len(label) for _, label in y_ticks), default=0) + 1
    columns = width - left
    if drawn.shape[-1] != 2 * columns:
        drawn = _spans(chart, x, columns)
    lines = legend_lines(chart, x, columns, colour, most)
    rows -= len(lines) - 1
    labels = place_labels(chart, x, columns)
    needed = max((label.row + 1 for label in labels), default=0)
    label_rows = min(needed, (rows >= _LOW) + (rows >= _TALL))
    top, rows = len(lines) + label_rows, rows - label_rows
    x_ticks = x.ticks(max(2, columns // 12))
    if chart.x_whole:
        x_ticks = [tick for tick in x_ticks if tick[0].is_integer()]
    return ChartLayout(
        x, y, x_ticks, y_ticks, left, top, columns, rows, drawn, lines, label_rows, labels
    )


def _spans(chart: Chart, x: Axis, columns: int) -> Floats:
    """Minimum and maximum, (low or high, curve, half column), of all curves: the lower ones of the
    bands, the higher ones, the series. In log10 units if y is logarithmic; NaN where a curve is not.
    """
    curves = [(band.x, band.low) for band in chart.bands]
    curves += [(band.x, band.high) for band in chart.bands]
    curves += [(series.x, series.y) for series in chart.series]
    return spans(curves, x, chart.y_log, 2 * columns)


def _x_axis(chart: Chart) -> Axis | None:
    if chart.x_range is not None:
        return _between(chart.x_range, chart.x_log)
    curves = [s.x for s in chart.series] + [b.x for b in chart.bands]
    if chart.x_log:
        curves = [x[np.searchsorted(x, 0.0, side="right") :] for x in curves]
    ends = [float(end) for x in curves if len(x) for end in (x[0], x[-1])]
    if not ends:
        return None
    first = min(ends)
    return Axis.around(first, max(*ends, first + 1), log=chart.x_log)


def _y_axis(chart: Chart, x: Axis, drawn: Floats) -> Axis | None:
    """The axis for curves whose minima and maxima are `drawn`; None if no value can be shown."""
    if chart.y_range is not None:
        return _between(chart.y_range, chart.y_log)
    shown = (_spans(chart, x, _PARTS) if chart.hide_outliers else drawn).ravel()
    if len(shown):
        marks = (forward(m.y[visible(m.x, x)], chart.y_log) for m in chart.marks)
        shown = np.concatenate([shown, *marks])
    shown = shown[np.isfinite(shown)]
    if not len(shown):
        return None
    if chart.hide_outliers:
        shown = np.quantile(shown, [_OUTLIERS, 1 - _OUTLIERS])
    low, high = float(shown.min()), float(shown.max())
    if chart.y_log:  # without an overflow
        low, high = 10.0 ** min(low, 300.0), 10.0 ** min(high, 300.0)
    return Axis.around(low, high, log=chart.y_log, margin=_MARGIN)


def _between(ends: Range, log: bool) -> Axis | None:
    """An axis between two values, of which it may be able to show only one, or none."""
    shown = [end for end in ends if math.isfinite(end) and (end > 0 or not log)]
    return Axis.around(min(shown), max(shown), log=log) if shown else None
