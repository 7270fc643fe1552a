"""A chart as lines of fragments: numpy draws the canvas, plotext frame and ticks.

The only user of plotext, whose one global figure is built from scratch under a lock.
plotext gets no data: its own lines take time and memory that grow with the distance of the farthest
point, its log axes change the data they are given, and a full canvas takes it ten milliseconds.
"""

import threading
from functools import lru_cache

import numpy as np
import plotext as plt

from memlab.charts.chart import Band, Chart, Marks, Series
from memlab.charts.decimate import spans
from memlab.charts.labels import paint_labels, rules
from memlab.charts.layout import SMALLEST, ChartLayout, layout
from memlab.charts.legend import legend_line, plain_markers
from memlab.charts.raster import Cells, Dots, dots
from memlab.charts.text import Fragment, Lines, clip_to_width, cut, stripped

_FIGURE = threading.Lock()

Cuts = tuple[tuple[int | None, str], ...]
"""ticks at columns or rows"""


def draw(
    chart: Chart, width: int, height: int, *, colour: bool = True, legend: bool = True
) -> Lines:
    """Exactly `height` lines of at most `width` cells.

    Without `colour` curves differ by their glyphs. With too little room, or no data, a message is
    shown.
    """
    where = layout(chart, width, height, legend=legend)
    if where is None:
        return message(_reason(chart, width, height), width, height)
    margin = Fragment(" " * where.left, "tick")
    above: Lines = []
    if legend:
        above = [
            clip_to_width([margin, *legend_line(chart, where.x, where.columns, colour)], width)
        ]
    labels = Cells(where.label_rows, where.columns)
    paint_labels(labels, chart, where.x)
    above += [clip_to_width([margin, *row], width) for row in labels.lines()]
    return [*above, *_figure(_canvas(chart, where, colour), where)]


def message(text: str, width: int, height: int) -> Lines:
    """A sentence centred in `height` lines."""
    above = max(height - 1, 0) // 2
    lines: Lines = [[] for _ in range(max(height, 1))]
    lines[above] = stripped([Fragment(cut(text, width).center(width), "tick")])
    return lines


def _reason(chart: Chart, width: int, height: int) -> str:
    """Why no chart can be drawn."""
    if width < SMALLEST[0] or height < SMALLEST[1]:
        return "needs {} x {} cells".format(*SMALLEST)
    return "no data yet"


def _canvas(chart: Chart, where: ChartLayout, colour: bool) -> Cells:
    """Everything inside the axes; the most important parts are painted last."""
    canvas = Cells(where.rows, where.columns)
    for value, _ in where.y_ticks if colour else ():
        canvas.paint_row(where.row(value), "─", "guide")
    for level in chart.levels:
        canvas.paint_row(where.row(level.y), "╌", level.colour)
    for rule in rules(chart):
        canvas.paint_column(where.column(rule.x), "│", rule.colour)
    for band in chart.bands:
        if colour:
            canvas.paint_band(_band_dots(band, chart, where), band.colour)
        else:
            canvas.paint_curve(_band_dots(band, chart, where), "·", band.colour)
    for series, plain in zip(chart.series, plain_markers(chart), strict=True):
        marker = chart.marker if colour else plain or chart.marker
        canvas.paint_curve(_line_dots(series, chart, where), marker, series.colour)
    for marks in chart.marks:
        canvas.paint(_mark_cells(marks, where), "▼", marks.colour)
    return canvas


def _line_dots(series: Series, chart: Chart, where: ChartLayout) -> Dots:
    low, high = spans(series.x, series.y, where.x, chart.y_log, 2 * where.columns)
    low, high = where.y.place_forward(low), where.y.place_forward(high)
    return dots(low, high, where.rows, thin=chart.marker == "braille")


def _band_dots(band: Band, chart: Chart, where: ChartLayout) -> Dots:
    low, top = spans(band.x, band.low, where.x, chart.y_log, 2 * where.columns)
    bottom, high = spans(band.x, band.high, where.x, chart.y_log, 2 * where.columns)
    low, high = np.fmin(low, bottom), np.fmax(high, top)
    return dots(where.y.place_forward(low), where.y.place_forward(high), where.rows)


def _mark_cells(marks: Marks, where: ChartLayout) -> Dots:
    """The cells above the marks; a mark outside the y range is moved to its border."""
    at = np.zeros((where.rows, where.columns), dtype=bool)
    x, y = where.x.place(marks.x), where.y.place(marks.y)
    shown = (x >= 0) & (x <= 1) & np.isfinite(y)
    x, y = x[shown], y[shown]
    rows = np.clip(np.floor(y * where.rows) + 1, 0, where.rows - 1).astype(np.int64)
    at[rows, np.minimum((x * where.columns).astype(np.int64), where.columns - 1)] = True
    return at


def _figure(canvas: Cells, where: ChartLayout) -> Lines:
    """The canvas inside plotext's axes: `rows` + 2 lines."""
    x_ticks = tuple((where.column(value), label) for value, label in where.x_ticks)
    y_ticks = tuple((where.row(value), label) for value, label in where.y_ticks)
    widest = max((label for _, label in y_ticks), key=len, default="")
    side = _axes(_LEAST, where.rows, ((0, ""),), y_ticks)
    bottom = _axes(where.columns, _LEAST, x_ticks, ((0, widest),))[_LEAST:]
    lines = [
        stripped([Fragment(axis[: where.left], "tick"), *row])
        for axis, row in zip(side, canvas.lines(), strict=False)
    ]
    return lines + [stripped([Fragment(axis, "tick")]) for axis in bottom]


_LEAST = 2
"""Size of a canvas of which only the other axis is used: plotext's time grows with the area."""


@lru_cache(maxsize=256)
def _axes(columns: int, rows: int, x_ticks: Cuts, y_ticks: Cuts) -> tuple[str, ...]:
    """plotext's axes around an empty canvas: `rows` + 2 lines without colours."""
    left = max((len(label) for _, label in y_ticks), default=0) + 1
    with _FIGURE:
        plt.clear_figure()
        # Otherwise plotext limits the size to that of the terminal.
        plt.limit_size(False, False)
        plt.plotsize(left + columns, rows + 2)
        plt.theme("clear")
        plt.xaxes(True, False)
        plt.yaxes(True, False)
        plt.xlim(0, columns - 1)
        plt.ylim(0, rows - 1)
        plt.xticks([column for column, _ in x_ticks], [label for _, label in x_ticks])
        plt.yticks([row for row, _ in y_ticks], [label for _, label in y_ticks])
        # plotext draws no ticks without any point.
        plt.scatter([0], [0], marker=" ")
        text = plt.uncolorize(plt.build())
    return tuple(text.rstrip("\n").split("\n"))
