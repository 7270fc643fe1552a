"""Collects the values of one run of a log, and detects where its steps go back."""

import math
from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, final

import numpy as np

from memlab.errors import DataError
from memlab.formats.columns import GrowableArray
from memlab.formats.log import LogRun, LogSeries, Steps, Values

MAX_ATTEMPTS = 999
"""maximum number of attempts in a run folder; a column that goes back more often is not a step"""
BLOCK = 4096
"""number of single values that are buffered and added as a block"""


@final
class _Growing:
    """A series that is being read."""

    def __init__(self, attempt: int) -> None:
        self.steps, self.values = GrowableArray(np.int64), GrowableArray(np.float64)
        self.starts = [0] * (attempt + 1)
        self.last = 0
        """step of its last value"""
        self.last_value = math.nan
        self.attempt = -1
        """the attempt of its last value"""


@dataclass(frozen=True)
class _SeriesPart:
    """The values of one series in a block of rows."""

    rows: Steps
    """(value,) row in the block"""
    steps: Steps
    values: Values


@final
@dataclass
class RunBuilder:
    """One run of a log while it is read.

    When the step of a series does not increase, a new attempt begins for all series: the process
    was resumed from a checkpoint and repeats steps.
    """

    name: str = ""
    config: dict[str, Any] = field(default_factory=dict)
    planned_steps: int | None = None
    ended: bool | None = None
    step_name: str = "step"
    """source of the steps, for messages"""

    def __post_init__(self) -> None:
        self._series: dict[str, _Growing] = {}
        self._attempts = 1
        self._waiting: list[tuple[str, int, float]] = []

    def add(self, name: str, step: int, value: float) -> None:
        """Add a single value."""
        self._waiting.append((name, step, value))
        if len(self._waiting) >= BLOCK:
            self._flush()

    def restart(self) -> None:
        """Begin a new attempt because the file states that another process continues the run."""
        self._flush()
        if any(growing.attempt >= self._attempts - 1 for growing in self._series.values()):
            self._begin_attempt({}, 0)

    def _flush(self) -> None:
        """Add the buffered values in one block."""
        waiting, self._waiting = self._waiting, []
        if not waiting:
            return
        names, steps, values = zip(*waiting, strict=True)
        at = np.array(steps, np.int64)
        numbers = np.array(values, np.float64)
        ids = {name: i for i, name in enumerate(dict.fromkeys(names))}
        which = np.array([ids[name] for name in names])
        parts = {}
        for name, i in ids.items():
            (rows,) = np.nonzero(which == i)
            parts[name] = _SeriesPart(rows, at[rows], numbers[rows])
        self._add(parts)

    def add_rows(self, steps: Steps, columns: Mapping[str, tuple[Values, Steps | None]]) -> None:
        """Add a block of rows.

        Args:
            steps: (row,).
            columns: by name, values and their row indices; None = one value per row.
        """
        self._flush()
        parts = {}
        for name, (values, rows) in columns.items():
            which = np.arange(len(steps)) if rows is None else rows
            if len(which):
                parts[name] = _SeriesPart(which, steps[which], values)
        self._add(parts)

    def add_values(self, series: Mapping[str, tuple[Steps, Steps, Values]]) -> None:
        """Add a block of single values: by name (position in the file, step, value), each (value,)."""
        self._flush()
        self._add({name: _SeriesPart(*arrays) for name, arrays in series.items() if len(arrays[0])})

    def _add(self, parts: Mapping[str, _SeriesPart]) -> None:
        for name in parts:
            if name not in self._series:
                self._series[name] = _Growing(self._attempts - 1)
        parts = {name: self._without_copies(name, part) for name, part in parts.items()}
        parts = {name: part for name, part in parts.items() if len(part.steps)}
        self._split(parts)
        for name, part in parts.items():
            growing = self._series[name]
            growing.steps.extend(part.steps)
            growing.values.extend(part.values)
            growing.last, growing.last_value = int(part.steps[-1]), float(part.values[-1])
            growing.attempt = bisect_right(growing.starts, len(growing.steps) - 1) - 1

    def _without_copies(self, name: str, part: _SeriesPart) -> _SeriesPart:
        """The values without those that repeat the previous value at the same step.

        Lightning and the Hugging Face Trainer write the epoch in every row, also if a step has two.
        """
        growing = self._series[name]
        if growing.attempt < 0:
            same = np.concatenate(([False], np.diff(part.steps) == 0))
            before = np.concatenate((part.values[:1], part.values[:-1]))
        else:
            same = np.diff(part.steps, prepend=growing.last) == 0
            before = np.concatenate(([growing.last_value], part.values[:-1]))
        if not same.any():
            return part
        kept = ~(same & ((part.values == before) | (np.isnan(part.values) & np.isnan(before))))
        return _SeriesPart(part.rows[kept], part.steps[kept], part.values[kept])

    def _split(self, parts: Mapping[str, _SeriesPart]) -> None:
        """Begin an attempt at each row where a series repeats a step or goes back."""
        back: list[tuple[int, int, str]] = []
        """(row, row of the previous value of the series or -1, name)"""
        for name, part in parts.items():
            growing = self._series[name]
            before = np.concatenate(([growing.last], part.steps[:-1]))
            (places,) = np.nonzero(part.steps <= before)
            for place in places.tolist():
                if place or growing.attempt >= 0:
                    previous = int(part.rows[place - 1]) if place else -1
                    back.append((int(part.rows[place]), previous, name))
        first_row = -1
        """row at which the current attempt began; -1 = in an earlier block"""
        for row, previous, name in sorted(back):
            if first_row < 0 and previous < 0:
                repeated = self._series[name].attempt == self._attempts - 1
            else:
                repeated = previous >= first_row
            if repeated:
                first_row = row
                self._begin_attempt(parts, row)

    def _begin_attempt(self, parts: Mapping[str, _SeriesPart], row: int) -> None:
        self._attempts += 1
        if self._attempts > MAX_ATTEMPTS:
            raise DataError(
                f"the steps go back more than {MAX_ATTEMPTS - 1:,} times",
                where=self.name or None,
                found=f"steps from {self.step_name}",
                hint="another column may count the steps: --map COLUMN=step",
            )
        for name, growing in self._series.items():
            ahead = int(np.searchsorted(parts[name].rows, row)) if name in parts else 0
            growing.starts.append(len(growing.steps) + ahead)

    @property
    def empty(self) -> bool:
        """Whether nothing was logged."""
        return not self._series and not self._waiting

    def build(self) -> LogRun:
        """The run as read so far."""
        self._flush()
        series = {
            name: LogSeries(
                name, growing.steps.array(), growing.values.array(), tuple(growing.starts)
            )
            for name, growing in ((_text(name), one) for name, one in self._series.items())
        }
        return LogRun(
            self.name, series, self._attempts, self.config, self.planned_steps, self.ended
        )


def _text(name: str) -> str:
    """A name that can be encoded in UTF-8: JSON may contain lone surrogates."""
    return name.encode("utf-8", "backslashreplace").decode()
