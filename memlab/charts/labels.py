"""Labels of vertical rules: next to their rule, on the side where there is room."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from memlab.charts.chart import Chart, VerticalRule
from memlab.charts.raster import Cells
from memlab.charts.scale import Axis, short
from memlab.charts.text import cells, plain

ROWS = 2
"""Maximum number of rows; the second one is for labels without room in the first."""


@dataclass(frozen=True)
class Label:
    """A rule's label; its rows count upwards from the canvas."""

    rule: VerticalRule
    row: int
    start: int
    text: str


def rules(chart: Chart) -> list[VerticalRule]:
    """The rules in drawing order, the cursor last."""
    if chart.cursor is None:
        return list(chart.rules)
    return [*chart.rules, VerticalRule(chart.cursor, "", "cursor")]


def place_labels(chart: Chart, x: Axis, columns: int) -> list[Label]:
    """Positions of the labels of visible rules; the cursor's first. Labels without room are
    omitted.

    A label drops its step before it is moved. In the second row it may cover rules.
    """
    ruled = [(r, c) for r in rules(chart) if (c := x.cell(r.x, columns)) is not None]
    occupied = np.zeros((ROWS, columns), dtype=bool)
    occupied[0, [c for _, c in ruled]] = True
    labels = []
    for rule, column in reversed(ruled):
        if label := _first_room(rule, column, occupied):
            occupied[label.row, label.start : label.start + len(label.text)] = True
            labels.append(label)
    return labels


def _first_room(rule: VerticalRule, column: int, occupied: NDArray[np.bool_]) -> Label | None:
    name = "".join(c if cells(c) == 1 else "·" for c in plain(rule.label))
    wordings = [f"{name} {short(rule.x)}", name] if name else [f"{rule.x:.6g}"]
    for row, free in enumerate(~occupied):
        for text in wordings:
            n = len(text)
            for start, beyond in ((column + 1, column + n + 1), (column - n, column - n - 1)):
                inside = start >= 0 and start + n <= len(free)
                apart = not 0 <= beyond < len(free) or free[beyond]
                if inside and apart and free[start : start + n].all():
                    return Label(rule, row, start, text)
    return None


def paint_labels(canvas: Cells, chart: Chart, x: Axis, labels: Sequence[Label]) -> None:
    """Paint the rules and, over them, their labels into the rows above the canvas."""
    for rule in rules(chart):
        canvas.paint_column(x.cell(rule.x, canvas.columns), "│", rule.colour)
    for label in labels:
        if label.row < canvas.rows:
            canvas.write(label.row, label.start, label.text, label.rule.colour)
