"""The selection on the Sweeps screen, stored between sessions."""

import json
from dataclasses import asdict, dataclass, replace
from typing import Any, Self, final

from memlab.sweeps.plan import Cell, SweepAxis
from memlab.sweeps.tables import Results


@final
@dataclass(frozen=True)
class SweepSelection:
    """A sweep, a cell, axes and a measure; `valid_for` replaces what the sweep does not have."""

    sweep: str = ""
    """id; empty = the newest"""
    cell: int = 0
    x: str = ""
    """key of the axis along x of the heat map; empty = the first"""
    y: str = ""
    measure: str = ""
    """an event or a measure; empty = chosen from the results"""

    @classmethod
    def read(cls, text: str | None) -> Self:
        """Parse a text of `to_text`; the default for any other text."""
        default: dict[str, Any] = asdict(cls())
        try:
            stored = json.loads(text or "{}")
        except ValueError:
            return cls()
        known = stored if isinstance(stored, dict) else {}
        fitting = {k: v for k, v in known.items() if type(v) is type(default.get(k))}
        return cls(**{**default, **fitting})

    def to_text(self) -> str:
        return json.dumps(asdict(self))

    def valid_for(self, results: Results) -> Self:
        """The selection with a cell, axes and a measure that the sweep has."""
        keys = [axis.key for axis in results.sweep.axes]
        x = self.x if self.x in keys else next(iter(keys), "")
        others = [key for key in keys if key != x]
        y = self.y if self.y in others else next(iter(others), "")
        names = measures(results)
        return replace(
            self,
            sweep=results.sweep.id,
            cell=self.cell if 0 <= self.cell < len(results.cells) else 0,
            x=x,
            y=y,
            measure=self.measure if self.measure in names else _default(results, names),
        )

    def with_x(self, results: Results) -> Self:
        """With the next axis along x; if y has it, the axes are swapped."""
        x = _next(self.x, [axis.key for axis in results.sweep.axes])
        return replace(self, x=x, y=self.x if x == self.y else self.y)

    def with_y(self, results: Results) -> Self:
        """With the next axis along y that is not along x; two axes are swapped."""
        keys = [axis.key for axis in results.sweep.axes]
        if len(keys) == 2:
            return replace(self, x=self.y, y=self.x)
        return replace(self, y=_next(self.y, [key for key in keys if key != self.x]))

    def axes(self, results: Results) -> tuple[SweepAxis, SweepAxis | None] | None:
        """The axes of the heat map; None = the sweep has none."""
        by_key = {axis.key: axis for axis in results.sweep.axes}
        return (by_key[self.x], by_key.get(self.y)) if self.x in by_key else None

    def selected_cell(self, results: Results) -> Cell:
        """The selected cell of the plan."""
        return results.cells[self.cell].cell


def measures(results: Results) -> list[str]:
    """Events, then the measures of finished members."""
    return [*reversed(results.events), *results.measures]


def _default(results: Results, names: list[str]) -> str:
    if any(cell.event("grokked").reached for cell in results.cells) or not results.measures:
        return "grokked"
    return "val_accuracy" if "val_accuracy" in names else results.measures[0]


def _next(key: str, keys: list[str]) -> str:
    return keys[(keys.index(key) + 1) % len(keys)] if key in keys else next(iter(keys), "")
