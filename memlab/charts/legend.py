"""The lines above a chart: names with values, and what is not shown."""

import math
from collections.abc import Sequence
from itertools import accumulate

import numpy as np

from memlab.charts.chart import Chart, Series, Values
from memlab.charts.decimate import visible
from memlab.charts.scale import Axis
from memlab.charts.text import Fragment, cells, plain
from memlab.charts.theme import BASELINE

_PLAIN_MARKERS = "●×+◆○▪*"


def plain_marker(i: int) -> str:
    """The glyph of the i-th series, i >= 1, where curves cannot be distinguished by colour."""
    return _PLAIN_MARKERS[(i - 1) % len(_PLAIN_MARKERS)]


def plain_markers(chart: Chart) -> list[str | None]:
    """The glyph of each series, to distinguish them without colour; None = the marker of the chart.

    The first curve has that marker. A baseline has a dot, like curves without a name next to curves
    with one; these do not count.
    """
    markers: list[str | None] = []
    others = 0
    some_named = any(s.name for s in chart.series)
    for s in chart.series:
        if s.colour == BASELINE or (some_named and not s.name):
            markers.append("·")
        else:
            markers.append(plain_marker(others) if others else None)
            others += 1
    return markers


def values_at(chart: Chart, step: float | None) -> dict[str, tuple[float, float]]:
    """For each series, the recorded step nearest to `step` (None = the last) and the value
    there.

    Non-finite points are skipped; a series without finite points is omitted.
    """
    return {s.name: point for s in chart.series if (point := _point_at(s, step)) is not None}


def _point_at(series: Series, step: float | None) -> tuple[float, float] | None:
    """The finite point nearest to `step`; None = there is none."""
    x, y = series.x, series.y
    if step is None:
        if len(x) and math.isfinite(y[-1]):
            return float(x[-1]), float(y[-1])
        near = np.zeros(0, dtype=np.int64)
    else:
        after = int(np.searchsorted(x, step))
        near = np.arange(max(after - 1, 0), min(after + 1, len(x)))
    if not len(near) or not np.isfinite(y[near]).all():
        near = np.flatnonzero(np.isfinite(y))
    if not len(near):
        return None
    at = near[-1] if step is None else near[np.argmin(np.abs(x[near] - step))]
    return float(x[at]), float(y[at])


def notes(chart: Chart, x: Axis) -> list[str]:
    """Which visible values cannot be drawn: "3 points <= 0 not shown"."""
    curves = [(s.x, s.y) for s in chart.series] + [(b.x, b.low) for b in chart.bands]
    not_finite = chart.not_finite
    if not_finite is None:
        not_finite = sum(int((~np.isfinite(y[visible(at, x)])).sum()) for at, y in curves)
    negative = sum(_n_negative(y[visible(at, x)]) for at, y in curves) if chart.y_log else 0
    counted = ((negative, "<= 0 not shown"), (not_finite, "not finite"))
    return [f"{n} point{'s' * (n > 1)} {what}" for n, what in counted if n]


def _n_negative(y: Values) -> int:
    """Number of finite values <= 0."""
    return int((np.isfinite(y) & (y <= 0)).sum()) if len(y) and not y.min() > 0 else 0


def legend_lines(
    chart: Chart, x: Axis, width: int, colour: bool, most: int = 1
) -> list[list[Fragment]]:
    """Names of the visible series, with the values at the cursor or the last ones.

    Values are omitted where only names fit into one line, or into `most` lines, unless a cursor reads
    them. Only curves take more than one line. Entries without room are omitted from the end; the
    number of omitted curves is shown.
    """
    parts, n_curves = _parts(chart, x, width, colour, most)
    n_lines = min(len(_wrapped(parts[:n_curves], width)), most)
    above = _wrapped(parts, width)[: n_lines - 1]
    rest = parts[sum(map(len, above)) :]
    left = n_curves - (len(parts) - len(rest))
    if number_fitting(rest, width) < left:
        room = number_fitting(rest, width - len(f"  +{left}"))
        rest = [*rest[:room], Fragment(f"+{left - room}", "tick")]
    return [side_by_side(line, width) for line in (*above, rest)]


def _wrapped(parts: Sequence[Fragment], width: int) -> list[Sequence[Fragment]]:
    """The parts in lines, as many as fit into each; at least one line."""
    lines = []
    while parts:
        n = number_fitting(parts, width)
        lines.append(parts[:n])
        parts = parts[n:]
    return lines or [[]]


def _parts(
    chart: Chart, x: Axis, width: int, colour: bool, most: int
) -> tuple[list[Fragment], int]:
    """The entries of the legend, and how many of the first ones name curves."""
    markers = plain_markers(chart)
    named = [(i, s) for i, s in enumerate(chart.series) if s.name]
    named.sort(key=lambda numbered: not numbered[1].leads)
    names = [
        Fragment(f"{'▬' if colour else markers[i] or '▬'} {plain(s.name)}", s.colour)
        for i, s in named
    ]
    parts = [
        Fragment(name.text + _value_text(s, chart.cursor), s.colour)
        for name, (_, s) in zip(names, named, strict=True)
    ]
    if chart.cursor is None:
        n, n_without_values = (len(_wrapped(entries, width)) for entries in (parts, names))
        if any(n > limit >= n_without_values for limit in (1, most)):
            parts = names
    for marks in chart.marks:
        if n := len(marks.x[visible(marks.x, x)]):
            text = f"▼ {n} {plain(marks.name)}{'s' * (n > 1)}"
            parts.append(Fragment(text, marks.colour))
    for level in chart.levels:
        text = f"╌ {plain(level.name)} {level.y:.4g}"
        parts.append(Fragment(text, level.colour))
    return parts + [Fragment(note, "tick") for note in notes(chart, x)], len(named)


def _value_text(series: Series, cursor: float | None) -> str:
    """The value in the legend, after a blank; empty if there is none."""
    point = _point_at(series, cursor) if series.value is None else None
    value = point[1] if point else series.value
    return "" if value is None else " –" if np.isnan(value) else f" {value:.3g}"


def number_fitting(parts: Sequence[Fragment], width: int) -> int:
    """How many of the first parts fit side by side; at least one."""
    ends = accumulate(cells(part.text) + 2 for part in parts)
    return max(sum(end - 2 <= width for end in ends), 1)


def side_by_side(parts: Sequence[Fragment], width: int) -> list[Fragment]:
    """As many of the first parts as fit, separated by blanks."""
    return [
        fragment
        for part in parts[: number_fitting(parts, width)]
        for fragment in (part, Fragment("  ", part.colour))
    ]
