"""Extremes of a column over bins of steps: what a chart draws, one bin per terminal column."""

from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Bins:
    """Minimum, maximum and number of non-finite values, bin by bin.

    A bin without a finite value holds low = +inf and high = -inf until `closed` makes them NaN.
    """

    edges: NDArray[np.int64]
    """bin i covers the steps edges[i] <= step < edges[i + 1]"""
    low: NDArray[np.float64]
    high: NDArray[np.float64]
    nonfinite: NDArray[np.int64]

    @classmethod
    def over(cls, first: int, last: int, width: int) -> Self:
        """At most `width` empty bins over the steps `first` to `last`, both included."""
        steps = max(0, last - first + 1)
        n = min(width, steps)
        return cls(
            edges=first + np.arange(n + 1, dtype=np.int64) * steps // max(n, 1),
            low=np.full(n, np.inf, np.float64),
            high=np.full(n, -np.inf, np.float64),
            nonfinite=np.zeros(n, np.int64),
        )

    def along(self, *levels: NDArray[np.int64]) -> Self:
        """Empty bins whose inner edges are moved to the nearest of some stops.

        An edge moves by less than half a bin, so that edges stay in order.

        Args:
            levels: ascending stops; those of a later level are for edges without a near one before.
        """
        if len(self.low):
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
        """Add values, or extremes of groups that no edge splits, in step order."""
        cuts = np.searchsorted(steps, self.edges)
        filled = cuts[:-1] < cuts[1:]
        if not filled.any():
            return
        starts, stop = cuts[:-1][filled], cuts[-1]
        self.low[filled] = np.minimum(self.low[filled], np.minimum.reduceat(low[:stop], starts))
        self.high[filled] = np.maximum(self.high[filled], np.maximum.reduceat(high[:stop], starts))
        if nonfinite.any():
            self.nonfinite[filled] += np.add.reduceat(nonfinite[:stop], starts)

    def closed(self) -> Self:
        """The same, with NaN for the extremes of empty bins."""
        none = self.low > self.high
        self.low[none] = self.high[none] = np.nan
        return self
