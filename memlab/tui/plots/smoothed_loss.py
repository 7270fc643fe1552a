"""The smoothed loss of a run, computed once as rows arrive, independent of zoom and cursor."""

from typing import final

import numpy as np
from numpy.typing import NDArray

from memlab.charts import Smoother
from memlab.record.row_format import Steps, Values, is_missing
from memlab.record.run_rows import RunRows

MAX_POINTS = 1 << 18
"""Maximum number of points; whenever it is reached, every other point is dropped."""

Floats = NDArray[np.float64]


@final
class Smoothed:
    """Follows a column; `until` returns the smoothed values up to a step."""

    def __init__(self, weight: float, column: str = "loss") -> None:
        self.weight, self._column = weight, column
        self._x, self._y = np.empty(MAX_POINTS), np.empty(MAX_POINTS)
        self._restart(())

    def _restart(self, past: tuple[int, ...]) -> None:
        self._past, self._smoother = past, Smoother(self.weight)
        self._next, self._rows, self._every, self._n = 0, 0, 1, 0

    def extend(self, rows: RunRows) -> None:
        """Add new rows; restart after a resume, which may replace rows."""
        past = tuple(segment.lo for segment in rows.segments)
        if past != self._past:
            self._restart(past)
        if self._column not in rows.columns:
            return
        for steps, values in rows.blocks(self._next):
            column = values[:, rows.columns.index(self._column)]
            recorded = ~is_missing(column)
            self._append(steps[recorded], column[recorded])
            self._next = int(steps[-1]) + 1

    def _append(self, steps: Steps, values: Values) -> None:
        y = self._smoother.extend(values)
        while self._n + len(y) // self._every + 1 > MAX_POINTS:
            half = (self._n + 1) // 2
            self._x[:half], self._y[:half] = self._x[: self._n : 2], self._y[: self._n : 2]
            self._n, self._every = half, 2 * self._every
        selection = slice(-self._rows % self._every, None, self._every)
        x, y = steps[selection], y[selection]
        self._x[self._n : self._n + len(x)], self._y[self._n : self._n + len(x)] = x, y
        self._n, self._rows = self._n + len(x), self._rows + len(steps)

    def until(self, step: int) -> tuple[Floats, Floats]:
        n = int(np.searchsorted(self._x[: self._n], step, "right"))
        return self._x[:n], self._y[:n]
