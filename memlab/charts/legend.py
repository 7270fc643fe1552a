"""What is said above a chart: names with live values, what is not shown, labels of the rules."""

import numpy as np

from memlab.charts.chart import Chart, Rule, Values
from memlab.charts.decimate import visible
from memlab.charts.layout import Layout
from memlab.charts.scale import short
from memlab.charts.text import Fragment, cells, line, plain
from memlab.charts.theme import RGB, Theme

PLAIN_MARKERS = ("braille", "●", "×", "+", "◆", "○", "▪", "*")
"""How curves differ where there is no colour; repeated from the second on."""


def plain_marker(i: int) -> str:
    """The marker of the i-th series without colour."""
    return PLAIN_MARKERS[0] if i == 0 else PLAIN_MARKERS[1 + (i - 1) % (len(PLAIN_MARKERS) - 1)]


def values_at(chart: Chart, step: float | None) -> dict[str, tuple[float, float]]:
    """By series, the step nearest to `step` (None = the last) and the value there.

    Points that are not finite are passed over; a series without others is left out.
    """
    found = {}
    for s in chart.series:
        known = np.flatnonzero(np.isfinite(s.y))
        if len(known):
            nearest = -1 if step is None else int(np.argmin(np.abs(s.x[known] - step)))
            found[s.name] = (float(s.x[known[nearest]]), float(s.y[known[nearest]]))
    return found


def notes(chart: Chart, where: Layout) -> list[str]:
    """What of the steps shown cannot be drawn: "3 points <= 0", "2 not finite"."""
    y = [visible(s.x, s.y, where.x)[1] for s in chart.series]
    y += [visible(b.x, b.low, where.x)[1] for b in chart.bands]
    endless = sum(int((~np.isfinite(v)).sum()) for v in y)
    negative = sum(int((v <= 0).sum()) for v in y) if chart.y_log else 0
    counted = ((negative, "<= 0"), (endless, "not finite"))
    return [f"{n} point{'s' * (n > 1)} {what}, not shown" for n, what in counted if n]


def legend(chart: Chart, where: Layout, theme: Theme) -> list[Fragment]:
    """The names of what is shown, with the values at the cursor or the last ones."""
    values = values_at(chart, chart.cursor)
    parts = []
    for i, s in enumerate(chart.series):
        glyph = "▬" if theme.colour or i == 0 else plain_marker(i)
        value = f" {values[s.name][1]:.3g}" if s.name in values else ""
        parts.append(Fragment(f"{glyph} {s.name}{value}", theme.rgb(s.colour)))
    for level in chart.levels:
        parts.append(Fragment(f"╌ {level.name} {level.y:.4g}", theme.rgb(level.colour)))
    for marks in chart.marks:
        if n := len(visible_marks(marks.x, where)):
            parts.append(Fragment(f"▼ {n} {marks.name}", theme.rgb(marks.colour)))
    parts += [Fragment(note, theme.tick) for note in notes(chart, where)]
    gap = Fragment("  ", theme.tick)
    return [Fragment(" " * where.left, theme.tick)] + [f for part in parts for f in (part, gap)]


def visible_marks(x: Values, where: Layout) -> Values:
    """The indices of the marks on the x axis."""
    place = where.x.place(x)
    return np.flatnonzero((place >= 0) & (place <= 1))


def rules(chart: Chart) -> list[Rule]:
    """The rules in the order in which they are drawn, the cursor last."""
    if chart.cursor is None:
        return list(chart.rules)
    return [*chart.rules, Rule(chart.cursor, "", "cursor")]


def rule_labels(chart: Chart, where: Layout, theme: Theme) -> str:
    """One line with each label beside its rule, on the side where there is room.

    A label without room loses its step first; the cursor's is placed before the others.
    """
    ruled = [(r, c) for r in rules(chart) if (c := where.column(r.x)) is not None]
    columns: list[tuple[str, RGB] | None] = [None] * where.columns
    for rule, column in ruled:
        columns[column] = ("│", theme.rgb(rule.colour))
    for rule, column in reversed(ruled):
        for text in _wordings(rule):
            start = _room(columns, column, cells(text))
            if start is not None:
                columns[start : start + cells(text)] = [
                    (c, theme.rgb(rule.colour)) for c in _per_cell(text)
                ]
                break
    blank = Fragment(" ", theme.tick)
    shown = [Fragment(*c) if c and c[0] else blank if c is None else None for c in columns]
    parts = [Fragment(" " * where.left, theme.tick), *(f for f in shown if f)]
    return line(_joined(parts), where.left + where.columns, theme.colour)


def _wordings(rule: Rule) -> list[str]:
    label = plain(rule.label)
    return [f"{label} {short(rule.x)}", label] if label else [f"{rule.x:.6g}"]


def _room(columns: list[tuple[str, RGB] | None], column: int, n: int) -> int | None:
    """Where n cells are free beside a rule, with a blank or the border beyond; None = nowhere."""
    for start, outer in ((column + 1, column + n + 1), (column - n, column - n - 1)):
        inside = 0 <= start and start + n <= len(columns)
        border = not 0 <= outer < len(columns)
        if inside and not any(columns[start : start + n]) and (border or columns[outer] is None):
            return start
    return None


def _per_cell(text: str) -> list[str]:
    """One entry a cell; the second cell of a wide glyph is empty."""
    return [part for char in text for part in (char, "")[: max(cells(char), 1)]]


def _joined(fragments: list[Fragment]) -> list[Fragment]:
    """Neighbours of one colour as one fragment."""
    joined: list[Fragment] = []
    for f in fragments:
        if joined and joined[-1].colour == f.colour:
            joined[-1] = Fragment(joined[-1].text + f.text, f.colour)
        else:
            joined.append(f)
    return joined
