"""A chart as lines of fragments: numpy draws the canvas, plotext the frame.

The only user of plotext, whose one global figure is built once, under a lock.
plotext gets no data: its own lines take time and memory that grow with the distance of the farthest
point, its log axes change the data they are given, and a full canvas takes it ten milliseconds.
"""

import threading
from collections.abc import Sequence
from functools import cache

import numpy as np
import plotext as plt

from memlab.charts.chart import Band, Chart, Marks, Series
from memlab.charts.decimate import visible
from memlab.charts.labels import paint_labels, rules
from memlab.charts.layout import SMALLEST, ChartLayout, layout
from memlab.charts.legend import plain_markers
from memlab.charts.raster import Cells, Mask, dots
from memlab.charts.scale import Floats
from memlab.charts.text import Fragment, Lines, clip_to_width, cut, stripped

_FIGURE = threading.Lock()
MAX_POINTS = 8
"""Number of visible points up to which a curve shows each of them."""
POINT, PLAIN_POINT = "●", "■"
"""A point of a curve; the second where the first curve has no colour."""


def draw(chart: Chart, width: int, height: int, *, colour: bool = True) -> Lines:
    """Exactly `height` lines of at most `width` cells.

    Without `colour` curves differ by their glyphs. With too little room, or no data, a message is
    shown.
    """
    where = layout(chart, width, height, colour=colour)
    return draw_at(chart, where, width, height, colour=colour)


def draw_at(
    chart: Chart, where: ChartLayout | None, width: int, height: int, *, colour: bool = True
) -> Lines:
    """As `draw`, in the layout of the chart at this size."""
    if where is None:
        return message(_reason(chart, width, height), width, height)
    margin = Fragment(" " * where.left, "tick")
    above = [clip_to_width([margin, *line], width) for line in where.legend]
    if where.label_rows:
        labels = Cells(where.label_rows, where.columns)
        paint_labels(labels, chart, where.x, where.labels)
        above += [[margin, *row] if row else [] for row in labels.lines()]
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
    places = where.y.place_forward(where.spans)
    n = 2 * len(chart.bands)
    if n:
        _paint_bands(canvas, chart.bands, places[:, :n], colour)
    lines = dots(places[:, n:], where.rows, thin=chart.marker == "braille")
    for series, plain, line in zip(chart.series, plain_markers(chart), lines, strict=True):
        canvas.paint_curve(line, chart.marker if colour else plain or chart.marker, series.colour)
        if (points := _few_points(series, where)) is not None:
            canvas.paint(points, POINT if colour else plain or PLAIN_POINT, series.colour)
    for marks in chart.marks:
        part = visible(marks.x, where.x)
        if part.start < part.stop:
            canvas.paint(_mark_cells(marks, part, where), "▼", marks.colour)
    return canvas


def _paint_bands(canvas: Cells, bands: Sequence[Band], places: Floats, colour: bool) -> None:
    """Bands extend from the lower of their two curves to the higher; `places` has the lower curves
    of all bands, then the higher ones.
    """
    low, high = places.reshape(2, 2, len(bands), -1)
    areas = dots(np.stack((np.fmin(*low), np.fmax(*high))), canvas.rows)
    for band, area in zip(bands, areas, strict=True):
        if colour:
            canvas.paint_band(area, band.colour)
        else:
            canvas.paint_curve(area, "·", band.colour)


def _few_points(series: Series, where: ChartLayout) -> Mask | None:
    """The cells of the visible points, if there are so few that the line hardly shows them."""
    part = visible(series.x, where.x)
    if not 0 < part.stop - part.start <= MAX_POINTS:
        return None
    x, y = where.x.place(series.x[part]), where.y.place(series.y[part])
    shown = (x >= 0) & (x <= 1) & (y >= 0) & (y <= 1)
    return _cells_of(x[shown], y[shown], where)


def _cells_of(x: Floats, y: Floats, where: ChartLayout, above: int = 0) -> Mask:
    """The cells at positions on the axes, `above` rows higher; rows beyond the border are moved to it."""
    at = np.zeros((where.rows, where.columns), dtype=bool)
    rows = np.clip(np.floor(y * where.rows) + above, 0, where.rows - 1).astype(np.int64)
    at[rows, np.minimum((x * where.columns).astype(np.int64), where.columns - 1)] = True
    return at


def _mark_cells(marks: Marks, part: slice, where: ChartLayout) -> Mask:
    """The cells above some marks; a mark outside the y range is moved to its border."""
    x, y = where.x.place(marks.x[part]), where.y.place(marks.y[part])
    shown = (x >= 0) & (x <= 1) & np.isfinite(y)
    return _cells_of(x[shown], y[shown], where, above=1)


def _figure(canvas: Cells, where: ChartLayout) -> Lines:
    """The canvas inside its axes: `rows` + 2 lines."""
    frame = _frame(where)
    labels = {where.row(value): label for value, label in where.y_ticks}
    lines = []
    for i, row in enumerate(canvas.lines()):
        label = labels.get(where.rows - 1 - i)
        axis = frame[i] if label is None else f"{label:>{where.left - 1}}┤"
        lines.append([Fragment(axis, "tick"), *row])
    x_ticks = [(where.column(value), label) for value, label in where.x_ticks]
    return lines + [[Fragment(axis, "tick")] for axis in _x_axis(frame[-1], where.left, x_ticks)]


def _x_axis(line: str, left: int, ticks: Sequence[tuple[int | None, str]]) -> list[str]:
    """The lower line of a frame with ticks, and a line of their labels.

    A label is centred in the free cells around its tick; without room its tick is omitted too.
    """
    marks, labels = list(line), [" "] * len(line)
    for column, label in ticks:
        if column is None:
            continue
        n, at = len(label), left + column
        near = range(max(at - n + 1, 0), min(at + n, len(labels) - 1))
        free = [i for i in near if labels[i] == " "]
        start = (free[0] + free[-1] - n + 1) // 2 if free else at
        around = labels[max(start - 1, 0) : start + n + 1]
        if 0 <= start <= len(labels) - n and not "".join(around).strip():
            labels[start : start + n] = label
            marks[at] = "┬"
    return ["".join(marks), "".join(labels).rstrip()]


def _frame(where: ChartLayout) -> list[str]:
    """The axes without ticks: `rows` + 1 lines.

    Sizes and ticks change with every move, and plotext takes milliseconds for each.
    """
    vertical, corner, horizontal = _axes()
    margin = " " * (where.left - 1)
    return [margin + vertical] * where.rows + [margin + corner + horizontal * where.columns]


@cache
def _axes() -> tuple[str, str, str]:
    """The glyphs of plotext's axes: vertical, corner, horizontal."""
    with _FIGURE:
        plt.clear_figure()
        # Otherwise plotext limits the size to that of the terminal.
        plt.limit_size(False, False)
        plt.plotsize(2, 2)
        plt.theme("clear")
        plt.xaxes(True, False)
        plt.yaxes(True, False)
        plt.xticks([])
        plt.yticks([])
        # plotext draws no axes without any point.
        plt.scatter([0], [0], marker=" ")
        upper, lower = str(plt.uncolorize(plt.build())).split("\n")[:2]
    return upper[0], lower[0], lower[1]
