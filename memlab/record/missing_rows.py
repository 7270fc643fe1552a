"""Rows that were recorded and cannot be read: damage is always reported as a gap."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class MissingRows:
    """Lost rows among steps `first` to `last`, both included."""

    first: int
    last: int
    rows: int

    def within(self, lo: int, hi: int) -> "MissingRows | None":
        """The part with lo <= step < hi, if any."""
        first, last = max(self.first, lo), min(self.last, hi - 1)
        return MissingRows(first, last, min(self.rows, last - first + 1)) if first <= last else None

    def __str__(self) -> str:
        steps = f"{self.first:,} to {self.last:,}" if self.first < self.last else f"{self.first:,}"
        return f"{self.rows:,} {'row' if self.rows == 1 else 'rows'} in steps {steps}"


def with_gaps(missing: Sequence[MissingRows], x: Floats, *curves: Floats) -> tuple[Floats, ...]:
    """Curves over ascending steps `x`, with a NaN in the middle of each range of lost rows."""
    if not missing:  # without a copy
        return x, *curves
    middles = np.array([(one.first + one.last) / 2 for one in missing])
    at = np.searchsorted(x, middles)
    return np.insert(x, at, middles), *(np.insert(curve, at, np.nan) for curve in curves)


def damage_text(missing: Iterable[MissingRows], damaged_events: int) -> str:
    """One line about what cannot be read; empty if everything can."""
    ranges = list(missing)
    parts = []
    if ranges:
        shown = ", ".join(map(str, ranges[:3])) + (", ..." if len(ranges) > 3 else "")
        parts.append(f"damaged: {shown}")
    if damaged_events:
        parts.append(
            f"{damaged_events:,} damaged {'line' if damaged_events == 1 else 'lines'} of events"
        )
    return "; ".join(parts)
