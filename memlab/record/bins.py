"""Extremes of columns over bins of steps: what a chart draws, one bin per terminal column."""

from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Bins:
    """Minimum, maximum and number of non-finite values, bin by bin, of one column or of several.

    A bin without a finite value holds low = +inf and high = -inf until `closed` makes them NaN.
    """

    edges: NDArray[np.int64]
    """bin i covers the steps edges[i] <= step < edges[i + 1]"""
    low: NDArray[np.float64]
    """(bin,), or (column, bin) as the other two"""
    high: NDArray[np.float64]
    nonfinite: NDArray[np.int64]

    @classmethod
    def over(cls, first: int, last: int, width: int, columns: tuple[int, ...] = ()) -> Self:
        """At most `width` empty bins over the steps `first` to `last`, both included.

        Args:
            columns: their number; empty = one column, without an axis for columns.
        """
        steps = max(0, last - first + 1)
        n = min(width, steps)
        return cls(
            edges=first + np.arange(n + 1, dtype=np.int64) * steps // max(n, 1),
            low=np.full((*columns, n), np.inf, np.float64),
            high=np.full((*columns, n), -np.inf, np.float64),
            nonfinite=np.zeros((*columns, n), np.int64),
        )

    def of(self, columns: int | list[int]) -> Self:
        """The same bins of one column, or of some."""
        low, high, nonfinite = self.low[columns], self.high[columns], self.nonfinite[columns]
        return replace(self, low=low, high=high, nonfinite=nonfinite)

    def put(self, columns: list[int], bins: Self) -> None:
        """Replace some columns."""
        self.low[columns], self.high[columns] = bins.low, bins.high
        self.nonfinite[columns] = bins.nonfinite

    def along(self, *levels: NDArray[np.int64]) -> Self:
        """Empty bins whose inner edges are moved to the nearest of some stops.

        An edge moves by less than half a bin, so that edges stay in order.

        Args:
            levels: ascending stops; those of a later level are for edges without a near one before.
        """
        if len(self.edges) > 1:
            reach = np.diff(self.edges).min()
            for stops in levels:
                if len(stops):
                    inner = self.edges[1:-1]
                    i = np.searchsorted(stops, inner)
                    before = stops[np.maximum(i - 1, 0)]
                    after = stops[np.minimum(i, len(stops) - 1)]
                    nearest = np.where(inner - before < after - inner, before, after)
                    near = 2 * np.abs(nearest - inner) < reach
                    self.edges[1:-1] = np.where(near, nearest, inner)
        return self

    def add(
        self,
        steps: NDArray[np.int64],
        low: NDArray[np.floating[Any]],
        high: NDArray[np.floating[Any]],
        nonfinite: NDArray[np.int64],
    ) -> None:
        """Add values, or extremes of groups that no edge splits, in step order.

        Args:
            steps: first step of each group.
            low: (group,), or (column, group), as `high` and `nonfinite`.
        """
        cuts = np.searchsorted(steps, self.edges)
        filled = cuts[:-1] < cuts[1:]
        if not filled.any():
            return
        starts, stop = cuts[:-1][filled], cuts[-1]
        lowest = np.minimum.reduceat(low[..., :stop], starts, axis=-1)
        highest = np.maximum.reduceat(high[..., :stop], starts, axis=-1)
        self.low[..., filled] = np.minimum(self.low[..., filled], lowest)
        self.high[..., filled] = np.maximum(self.high[..., filled], highest)
        if nonfinite.any():
            self.nonfinite[..., filled] += np.add.reduceat(nonfinite[..., :stop], starts, axis=-1)

    def closed(self) -> Self:
        """The same, with NaN for the extremes of empty bins."""
        none = self.low > self.high
        self.low[none] = self.high[none] = np.nan
        return self
