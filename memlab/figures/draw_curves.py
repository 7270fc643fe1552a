"""Draw curves, bands, marks, rules, levels and points on one pair of axes."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, final

import numpy as np
from numpy.typing import NDArray

from memlab.charts import Band, Chart, Series, VerticalRule
from memlab.charts.theme import Colour
from memlab.figures.plot import Floats, PlottedCurves, Points
from memlab.figures.style import BLACK, DASHES, GREY, PALETTE, ROLES, Style
from memlab.figures.text import plain

STEP_0 = 0.5
"""position of step 0 on a logarithmic axis"""
MANY_MARKS = 60
"""more marks than this are drawn smaller"""
_LABEL_ROWS = 4
"""maximum number of rows of labels above the axes"""


@final
@dataclass(frozen=True)
class Look:
    """Colour and line style of a curve."""

    colour: str
    dashes: Any = "-"
    width: float = 1.0
    """multiple of the line width of the figure style"""
    alpha: float = 1.0

    @property
    def thin(self) -> "Look":
        """The style of a single run behind the curve of its group."""
        return Look(self.colour, "-", 0.5, 0.5)


def draw_curves(
    axes: Any, panel: PlottedCurves, style: Style, *, rule_labels: bool, x_label: bool
) -> dict[str, Any]:
    """Draw a panel; returns its legend entries: label to handle.

    Args:
        axes: matplotlib axes.
        rule_labels: whether to label the vertical rules above the axes.
        x_label: whether to label the x axis; false if another panel is below.
    """
    chart = panel.chart
    look_of = _look_of(panel)
    entries: dict[str, Any] = {}
    for band in chart.bands:
        colour = look_of(band.colour).colour
        axes.fill_between(
            _x(band.x, chart), _y(band.low, chart), _y(band.high, chart), step=None,
            facecolor=colour, edgecolor=colour, linewidth=0.4 * style.line, zorder=1.5,
            alpha=1.0 if isinstance(band.colour, str) else 0.3,
        )  # fmt: skip
    for series in panel.singles:
        _line(axes, series, chart, look_of(series.colour).thin, style)
    for series in chart.series:
        entries |= _line(axes, series, chart, look_of(series.colour), style)
    entries |= _marks(axes, chart, style)
    for points in panel.points:
        colour = look_of(points.colour).colour
        (handle,) = axes.plot(
            points.x, points.y, "^" if points.hollow else "o", color=colour, linestyle="none",
            markersize=3.2 * style.line**0.5 * style.font / 8, clip_on=False, zorder=4,
            markerfacecolor="white" if points.hollow else colour,
        )  # fmt: skip
        entries[plain(points.name)] = handle
    _scale(axes, panel)
    for level in chart.levels:
        look = look_of(level.colour)
        handle = axes.axhline(
            level.y, color=look.colour, linestyle=look.dashes, linewidth=0.8 * style.line
        )
        entries[plain(level.name)] = handle
    _rules(axes, chart.rules, style, labels=rule_labels)
    axes.set_ylabel(plain(panel.y_label))
    if x_label:
        axes.set_xlabel(plain(panel.x_label))
    else:
        axes.tick_params(labelbottom=False)
    return entries


def _look_of(panel: PlottedCurves) -> Callable[[Colour], Look]:
    """Maps a colour of the chart to its look. RGB colours get the palette in order of occurrence."""
    chart = panel.chart
    drawn: tuple[Series | Band | Points, ...] = (*panel.points, *chart.series, *chart.bands)
    order = list(dict.fromkeys(d.colour for d in drawn if not isinstance(d.colour, str)))

    def look(colour: Colour) -> Look:
        if isinstance(colour, str):
            return Look(*ROLES.get(colour, (BLACK, "-")))
        if panel.exact_colours or colour not in order:
            return Look("#" + "".join(f"{part:02x}" for part in colour))
        i = order.index(colour) % len(PALETTE)
        return Look(PALETTE[i], DASHES[i])

    return look


def _line(axes: Any, series: Series, chart: Chart, look: Look, style: Style) -> dict[str, Any]:
    marker: dict[str, Any] = {}
    if len(series.x) == 1:
        marker = {"marker": "o", "markersize": 2 * style.line}
    (handle,) = axes.plot(
        _x(series.x, chart), _y(series.y, chart), color=look.colour, linestyle=look.dashes,
        linewidth=look.width * style.line, alpha=look.alpha, zorder=2.5 + 0.5 * look.alpha,
        solid_joinstyle="round", **marker,
    )  # fmt: skip
    return {plain(series.name): handle} if series.name else {}


def _marks(axes: Any, chart: Chart, style: Style) -> dict[str, Any]:
    entries = {}
    for marks in chart.marks:
        inside = np.isfinite(marks.y) & ((marks.y > 0) | (not chart.y_log))
        if not inside.any():
            continue
        size = style.font * (0.85 if inside.sum() <= MANY_MARKS else 0.45)
        (handle,) = axes.plot(
            _x(marks.x[inside], chart), marks.y[inside], marker=_pointing_down(), linestyle="none",
            color=ROLES["spike"][0], markersize=size, markeredgewidth=0, zorder=4, clip_on=False,
        )  # fmt: skip
        entries[f"{plain(marks.name)} ({int(inside.sum())})"] = handle
    return entries


def _pointing_down() -> Any:
    """A triangle whose tip touches the point from above."""
    from matplotlib.path import Path

    return Path([(0, 0.15), (-0.6, 1.2), (0.6, 1.2), (0, 0.15)], closed=True)


def _x(x: Floats, chart: Chart) -> NDArray[np.float64]:
    return np.maximum(x, STEP_0) if chart.x_log else np.asarray(x, np.float64)


def _y(y: Floats, chart: Chart) -> NDArray[np.float64]:
    """Values with NaN where the axis cannot show them."""
    shown = np.isfinite(y) & (y > 0) if chart.y_log else np.isfinite(y)
    return np.where(shown, y, np.nan)


def _scale(axes: Any, panel: PlottedCurves) -> None:
    from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator, PercentFormatter

    chart = panel.chart
    if chart.y_log:
        axes.set_yscale("log")
        _plain_numbers(axes)
    if panel.points:  # their y values are steps
        axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: _step_text(value)))
        axes.yaxis.set_minor_formatter(FuncFormatter(_few_steps(axes)))
    if chart.y_range:
        axes.set_ylim(*chart.y_range)
    if panel.percent:
        axes.yaxis.set_major_formatter(PercentFormatter(1.0, decimals=None))
    if panel.x_ticks:
        places, labels = zip(*panel.x_ticks, strict=True)
        axes.xaxis.set_major_locator(FixedLocator(places))
        axes.xaxis.set_minor_locator(NullLocator())
        axes.set_xticklabels([plain(label, 24) for label in labels])
    elif chart.x_log:
        _log_steps(axes, chart)
    else:
        axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: _step_text(value)))
    if chart.x_range:
        low, high = chart.x_range
        axes.set_xlim(max(low, STEP_0) if chart.x_log else low, high)


def _plain_numbers(axes: Any) -> None:
    """Use labels such as 0.2 and 22 instead of powers of ten if the axis spans few decades."""
    from matplotlib.ticker import LogFormatterSciNotation

    low, high = axes.get_ylim()
    if high > 30 * low or low < 1e-3 or high > 1e4:
        return

    class PlainFormatter(LogFormatterSciNotation):
        """Labels the same ticks as its base class."""

        def __call__(self, x: float, pos: Any = None) -> str:
            return f"{x:g}" if super().__call__(x, pos) else ""

    axes.yaxis.set_major_formatter(PlainFormatter())
    axes.yaxis.set_minor_formatter(PlainFormatter(labelOnlyBase=False))


def _log_steps(axes: Any, chart: Chart) -> None:
    """A logarithmic axis of steps with step 0 at position `STEP_0`."""
    from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

    axes.set_xscale("log")
    starts_at_0 = any(len(s.x) and s.x[0] < 1 for s in chart.series)
    if starts_at_0:
        axes.set_xlim(left=STEP_0)

    class Steps(LogLocator):
        """Has no ticks between step 0 and step 1."""

        def tick_values(self, vmin: float, vmax: float) -> Any:
            return np.array([v for v in super().tick_values(vmin, vmax) if v >= 1])

    class StepsAndZero(Steps):
        """Also has a tick at step 0."""

        def tick_values(self, vmin: float, vmax: float) -> Any:
            zero = [STEP_0] if starts_at_0 and vmin <= STEP_0 else []
            return np.array([*zero, *super().tick_values(vmin, vmax)])

    axes.xaxis.set_major_locator(StepsAndZero(10, numticks=12))
    axes.xaxis.set_minor_locator(Steps(10, subs=range(1, 10), numticks=12))
    axes.xaxis.set_major_formatter(
        FuncFormatter(lambda value, _: "0" if value <= STEP_0 else _step_text(value))
    )
    axes.xaxis.set_minor_formatter(NullFormatter())


def _few_steps(axes: Any) -> Callable[[float, int], str]:
    """Labels between powers of ten, if the axis spans few powers."""

    def text(value: float, _: int) -> str:
        low, high = axes.get_ylim()
        digit = round(value / 10 ** np.floor(np.log10(value)))
        return _step_text(value) if high < 30 * low and digit in (2, 3, 5) else ""

    return text


def _step_text(value: float) -> str:
    """A step as text, with a suffix from 10,000 on: 800, 5,000, 20k, 1M."""
    for size, suffix in ((1e9, "G"), (1e6, "M"), (1e4, "k")):
        if abs(value) >= size:
            return f"{value / (1e3 if suffix == 'k' else size):g}{suffix}"
    return f"{value:,.0f}" if value == round(value) else f"{value:g}"


def _rules(axes: Any, rules: Iterable[VerticalRule], style: Style, *, labels: bool) -> None:
    """Draw vertical lines. Their labels are in rows above the axes, the last rule in the lowest row."""
    low, high = axes.get_xlim()
    log = axes.get_xscale() == "log"
    ends = np.log10([low, high]) if log else np.array([low, high])
    per_letter = 0.62 * 0.85 * style.font / 72 / (0.85 * style.width)
    label_rows: list[list[tuple[float, float]]] = [[] for _ in range(_LABEL_ROWS)]
    """(middle, half width) of the labels in each row, as fractions of the axes width"""

    for rule in reversed(list(rules)):
        x = max(rule.x, STEP_0) if log else rule.x
        if not low <= x <= high:
            continue
        colour, dashes = ROLES.get(str(rule.colour), (GREY, (0, (1, 1.5))))
        axes.axvline(x, color=colour, linestyle=dashes, linewidth=0.8 * style.line, zorder=2)
        if not (labels and rule.label):
            continue
        fraction = float(((np.log10(x) if log else x) - ends[0]) / (ends[1] - ends[0]))
        text = plain(rule.label, 24)
        half = len(text) * per_letter / 2
        middle = min(max(fraction, half), 1 - half)
        for row, others in enumerate(label_rows):
            if all(abs(middle - other) > half + width for other, width in others):
                others.append((middle, half))
                axes.annotate(
                    text, (middle, 1), (0, (0.25 + row) * style.font), xycoords="axes fraction",
                    textcoords="offset points", ha="center", va="bottom", color=colour,
                    fontsize=0.85 * style.font, annotation_clip=False,
                )  # fmt: skip
                break
