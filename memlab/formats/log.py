"""What a log says, whatever program wrote it: runs, their series, and their attempts."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

Steps = NDArray[np.int64]
Values = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class LogSeries:
    """One quantity as it was logged: each value at the step that the file gives it.

    NaN and infinite values are data; a value that was not logged has no entry.
    """

    name: str
    steps: Steps
    """(value,) in the order of the file; ascending within an attempt"""
    values: Values
    """(value,)"""
    starts: tuple[int, ...] = (0,)
    """where the values of each attempt begin"""

    def merged(self, attempts: int | None = None) -> tuple[Steps, Values]:
        """Ascending steps and their values after the first `attempts`, or after all.

        Each attempt replaces what was logged before it, from its own first step on.
        """
        stops = (*self.starts[1:], len(self.steps))
        steps, values = self.steps[: stops[0]], self.values[: stops[0]]
        later = list(zip(self.starts, stops, strict=True))[1:attempts]
        for start, stop in later:
            if start < stop:
                kept = int(np.searchsorted(steps, self.steps[start]))
                steps = np.concatenate((steps[:kept], self.steps[start:stop]))
                values = np.concatenate((values[:kept], self.values[start:stop]))
        return steps, values


@dataclass(frozen=True, eq=False)
class LogRun:
    name: str
    series: Mapping[str, LogSeries]
    attempts: int = 1
    """how often the steps begin; each time that they go back, a process was resumed"""
    config: Mapping[str, Any] = field(default_factory=dict)
    planned_steps: int | None = None
    ended: bool | None = None
    """whether the file says that the run is complete; None = it does not say"""
    files: tuple[str, ...] = ()
    """where it was read"""
    sha256: str = ""
    """of the bytes of these files, one after another"""

    @property
    def n_values(self) -> int:
        """Values logged, repeated ones included."""
        return sum(len(series.steps) for series in self.series.values())

    @property
    def n_replaced(self) -> int:
        """Values that a later attempt replaced."""
        return self.n_values - sum(len(series.merged()[0]) for series in self.series.values())

    def restarts(self) -> list[int]:
        """The first step of each attempt after the first."""
        return [
            min(
                int(series.steps[series.starts[attempt]])
                for series in self.series.values()
                if series.starts[attempt] < (*series.starts, len(series.steps))[attempt + 1]
            )
            for attempt in range(1, self.attempts)
        ]


@dataclass(frozen=True)
class Log:
    """The contents of a source."""

    format: str
    runs: tuple[LogRun, ...]
    notes: tuple[str, ...] = ()
    """what a reader should know of the source, such as means that it has in place of values"""
    warnings: tuple[str, ...] = ()
    """what was left out"""
    damage: str | None = None
    """why everything after some place could not be read"""
