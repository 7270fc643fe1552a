"""Contents of a log, independent of its format: runs, their series, and their attempts."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

Steps = NDArray[np.int64]
Values = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class LogSeries:
    """One quantity as it was logged: each value at the step stated in the file.

    NaN and infinity are values; steps without a value have no entry.
    """

    name: str
    steps: Steps
    """(value,) in the order of the file; ascending within an attempt"""
    values: Values
    """(value,)"""
    starts: tuple[int, ...] = (0,)
    """index of the first value of each attempt"""

    def merged(self, attempts: int | None = None) -> tuple[Steps, Values]:
        """Ascending steps and values after the first `attempts` attempts, by default after all.

        Each attempt replaces earlier values from its own first step on.
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
    """One run of a log."""

    name: str
    series: Mapping[str, LogSeries]
    attempts: int = 1
    """1 + how often the steps go back because a process was resumed"""
    config: Mapping[str, Any] = field(default_factory=dict)
    planned_steps: int | None = None
    ended: bool | None = None
    """whether the run is complete according to the file; None = the format does not record it"""
    files: tuple[str, ...] = ()
    """the files that it was read from"""
    sha256: str = ""
    """SHA-256 of the concatenated files"""

    @property
    def n_values(self) -> int:
        """Number of logged values, including replaced ones."""
        return sum(len(series.steps) for series in self.series.values())

    @property
    def n_replaced(self) -> int:
        """Number of values replaced by a later attempt."""
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
    """properties of the source that matter to readers, e.g. that its values are means"""
    warnings: tuple[str, ...] = ()
    """descriptions of omitted content"""
    damage: str | None = None
    """where and how the file is damaged; everything after that place is missing"""
