"""The content of a figure as immutable data. `style` has its sizes and colours, `draw` draws it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, final

import numpy as np
from numpy.typing import NDArray

from memlab.charts import Chart, Series, Tiles
from memlab.charts.theme import Colour

Floats = NDArray[np.float64]
Number = tuple[str, str, float | str, float | str, float | str, str]
"""(element, name, x, y, y2, text): a row of the CSV of a figure; see `numbers`"""


@final
@dataclass(frozen=True, eq=False)
class Points:
    """Single points, such as one per run."""

    name: str
    x: Floats
    y: Floats
    colour: Colour
    hollow: bool = False
    """y is a lower bound: the event was not reached up to that step"""


@final
@dataclass(frozen=True, eq=False)
class PlottedCurves:
    """Curves, bands, marks and points over one x axis."""

    chart: Chart
    y_label: str
    x_label: str = "step"
    points: tuple[Points, ...] = ()
    singles: tuple[Series, ...] = ()
    """thin curves without legend entries, such as single runs behind the median of a group"""
    percent: bool = False
    """y values are fractions, shown in percent"""
    exact_colours: bool = False
    """draw the RGB colours of the chart exactly; otherwise each is replaced by a palette colour"""
    x_ticks: tuple[tuple[float, str], ...] = ()
    """(position, label); empty = automatic"""

    def numbers(self) -> Iterator[Number]:
        chart = self.chart
        for s in (*chart.series, *self.singles):
            yield from (("line", s.name, x, y, "", "") for x, y in _pairs(s.x, s.y))
        for band in chart.bands:
            rows = zip(band.x.tolist(), band.low.tolist(), band.high.tolist(), strict=True)
            yield from (("band", "", x, low, high, "") for x, low, high in rows)
        for m in chart.marks:
            yield from (("mark", m.name, x, y, "", "") for x, y in _pairs(m.x, m.y))
        for p in self.points:
            kind = "bound" if p.hollow else "point"
            yield from ((kind, p.name, x, y, "", "") for x, y in _pairs(p.x, p.y))
        yield from (("rule", rule.label, rule.x, "", "", "") for rule in chart.rules)
        yield from (("level", level.name, "", level.y, "", "") for level in chart.levels)


@final
@dataclass(frozen=True, eq=False)
class CellGrid:
    """A grid of cells coloured by a number."""

    values: Floats
    """(row, column); NaN = no value"""
    x_label: str
    y_label: str
    value_label: str
    column_labels: tuple[str, ...] = ()
    """empty = numbers from 0"""
    row_labels: tuple[str, ...] = ()
    texts: tuple[tuple[str, ...], ...] = ()
    """(row, column) text in the cell"""
    hatched: NDArray[np.bool_] | None = None
    """(row, column) the value is a bound"""
    log: bool = False
    low: float | None = None
    high: float | None = None
    blank: str = ""
    """legend entry for cells without a value"""
    title: str = ""
    has_bar: bool = True
    """whether to draw a colour bar"""

    def numbers(self) -> Iterator[Number]:
        """Every cell: x = column, y = row, y2 = value."""
        for (i, j), value in np.ndenumerate(self.values):
            yield "cell", "", float(j), float(i), float(value), self.text(i, j)

    def text(self, i: int, j: int) -> str:
        """The text in cell (i, j)."""
        return self.texts[i][j] if self.texts else ""


@final
@dataclass(frozen=True, eq=False)
class Shares:
    """A grid of cells, each divided among categories in proportion to their counts."""

    counts: NDArray[np.int64]
    """(row, column, category)"""
    categories: tuple[str, ...]
    x_label: str
    y_label: str
    column_labels: tuple[str, ...]
    row_labels: tuple[str, ...]
    texts: tuple[tuple[str, ...], ...] = ()

    def numbers(self) -> Iterator[Number]:
        """Every count: x = column, y = row, y2 = count."""
        for (i, j, k), count in np.ndenumerate(self.counts):
            yield "share", self.categories[k], float(j), float(i), float(count), ""


@final
@dataclass(frozen=True)
class AnswerToken:
    """One token of a sampled answer."""

    text: str
    p: float
    """probability of the token; NaN = unknown"""
    ok: bool
    """whether it is the token of the target"""


@final
@dataclass(frozen=True)
class Answers:
    """Answers over time, token by token."""

    steps: tuple[int, ...]
    """(column,)"""
    prompts: tuple[str, ...]
    """(row,)"""
    targets: tuple[str, ...]
    tokens: tuple[tuple[tuple[AnswerToken, ...], ...], ...]
    """(row, column, token)"""

    def numbers(self) -> Iterator[Number]:
        """Every token: x = step, y = row, y2 = probability."""
        for i, row in enumerate(self.tokens):
            for step, cell in zip(self.steps, row, strict=True):
                for token in cell:
                    name = "right" if token.ok else "wrong"
                    yield "token", name, float(step), float(i), token.p, token.text


Panel = PlottedCurves | CellGrid | Shares | Answers
ShownChart = Chart | Tiles | CellGrid
"""a chart of the console"""
ShownPanel = tuple[str, bool, ShownChart]
"""(name of the measure, whether its values are fractions, chart)"""


@final
@dataclass(frozen=True, eq=False)
class FigureData:
    """A figure before it is drawn."""

    kind: str
    panels: tuple[Panel, ...]
    runs: tuple[str, ...]
    """ids of the runs or of the sweep"""
    title: str = ""
    note: str = ""
    """text below the figure that explains how to read it"""
    columns: int = 1
    """panels per row"""


def _pairs(x: Sequence[Any] | NDArray[Any], y: Sequence[Any] | NDArray[Any]) -> Iterator[Any]:
    return zip(np.asarray(x).tolist(), np.asarray(y).tolist(), strict=True)
