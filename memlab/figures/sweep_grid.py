"""The cells of a sweep in a grid over two of its axes."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import product
from typing import Any, final

from memlab.errors import MemlabError, nearest
from memlab.figures.source import FigureOptions, SweepSnapshot
from memlab.record.safe_text import safe_text
from memlab.sweeps.plan import Cell, SweepAxis
from memlab.sweeps.tables import CellResult, Results

MAX_GRIDS = 6
"""maximum number of panels, one for each combination of values of the other axes"""


@final
@dataclass(frozen=True, eq=False)
class SweepGrid:
    """Results over the axes `x` and `y`, with fixed values of the other axes."""

    x: SweepAxis
    y: SweepAxis | None
    """None = the sweep has one axis"""
    fixed: Mapping[str, Any]
    cells: Mapping[tuple[Any, Any], CellResult]
    """(value of y, value of x) to cell; skipped combinations are missing"""

    @property
    def columns(self) -> tuple[str, ...]:
        return tuple(map(value_text, self.x.values))

    @property
    def rows(self) -> tuple[str, ...]:
        return tuple(map(value_text, self.y.values)) if self.y else ("",)

    @property
    def title(self) -> str:
        """The fixed values as text."""
        return ", ".join(f"{axis_name(key)} = {value_text(v)}" for key, v in self.fixed.items())

    def __iter__(self) -> Iterator[tuple[int, int, CellResult | None]]:
        for i, row in enumerate(self.y.values if self.y else (None,)):
            for j, column in enumerate(self.x.values):
                yield i, j, self.cells.get((_key(row), _key(column)))


def grids(source: SweepSnapshot, results: Results, options: FigureOptions) -> list[SweepGrid]:
    """One grid for each combination of values of the axes other than x and y.

    Raises:
        MemlabError: the sweep has no such axis, or too many other axes.
    """
    axes = list(source.sweep.axes)
    if not axes:
        raise MemlabError("the sweep has no axis: it varies only seeds", where=source.id)
    x = _axis(axes, options.x) if options.x else axes[0]
    others = [axis for axis in axes if axis is not x]
    y = _axis(others, options.y) if options.y else next(iter(others), None)
    rest = [axis for axis in others if axis is not y]
    all_grids = []
    for values in product(*(axis.values for axis in rest)):
        fixed = {axis.key: value for axis, value in zip(rest, values, strict=True)}
        all_grids.append(_grid(results, x, y, fixed))
    if len(all_grids) > MAX_GRIDS:
        raise MemlabError(
            "the sweep has too many axes for one figure",
            where=source.id,
            found=", ".join(axis.key for axis in axes),
            hint="use --x and --y for the two axes with the most values",
        )
    return all_grids


def grid_through(results: Results, x: SweepAxis, y: SweepAxis | None, cell: Cell) -> SweepGrid:
    """The grid over `x` and `y` that contains a cell; the other axes have the values of the cell."""
    fixed = {key: value for key, value in cell.at.items() if key not in (x.key, y and y.key)}
    return _grid(results, x, y, fixed)


def _grid(
    results: Results, x: SweepAxis, y: SweepAxis | None, fixed: Mapping[str, Any]
) -> SweepGrid:
    cells = {
        (_key(cell.cell.at[y.key]) if y else _key(None), _key(cell.cell.at[x.key])): cell
        for cell in results.cells
        if all(cell.cell.at[key] == value for key, value in fixed.items())
    }
    return SweepGrid(x, y, fixed, cells)


def _axis(axes: list[SweepAxis], key: str) -> SweepAxis:
    matches = [a for a in axes if key in (a.key, axis_name(a.key), *a.keys)]
    if not matches:
        names = [axis.key for axis in axes]
        raise MemlabError(
            "the sweep has no such axis",
            found=key, allowed=", ".join(names), hint=nearest(key, names),
        )  # fmt: skip
    return matches[0]


def axis_name(key: str) -> str:
    """The last part of a dotted setting."""
    return safe_text(key.rpartition(".")[2], 40)


def value_text(value: Any) -> str:
    """The value of a setting as text."""
    return safe_text(f"{value:g}" if isinstance(value, float) else str(value), 24)


def _key(value: Any) -> str:
    return repr(value)
