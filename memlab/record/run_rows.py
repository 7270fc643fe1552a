"""The per-step rows of a run, read across its attempts: each step from the latest that did it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from memlab.record.bins import Bins
from memlab.record.rows import SealedRows

NEVER = 2**62
"""A step that no run reaches."""


@dataclass(frozen=True)
class Segment:
    """The steps of an attempt that no later attempt did again: lo <= step < hi."""

    sealed: SealedRows
    lo: int
    hi: int


@dataclass(frozen=True, eq=False)
class RunRows(Mapping[str, NDArray[np.generic]]):
    """Columns by name, `step` included: `rows["loss"]`. They are read when first asked for."""

    columns: tuple[str, ...]
    segments: tuple[Segment, ...]
    """in the order of their steps"""

    @classmethod
    def merge(cls, columns: tuple[str, ...], attempts: list[tuple[SealedRows, int]]) -> "RunRows":
        """Rows of attempts, oldest first; each replaces all before it from its first step on."""
        segments, hi = [], NEVER
        for sealed, first_step in reversed(attempts):
            if first_step < hi:
                segments.append(Segment(sealed, first_step, hi))
                hi = first_step
        return cls(columns, tuple(reversed(segments)))

    def until(self, step: int) -> "RunRows":
        """The same without the rows after `step`."""
        cut = [
            Segment(segment.sealed, segment.lo, min(segment.hi, step + 1))
            for segment in self.segments
            if segment.lo <= step
        ]
        return RunRows(self.columns, tuple(cut))

    @property
    def last_step(self) -> int:
        """The step of the last row; 0 when there is none."""
        for segment in reversed(self.segments):
            last = min(segment.sealed.last_step or 0, segment.hi - 1)
            if last >= segment.lo:
                return last
        return 0

    def read(self, first: int, last: int) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """Steps, and rows (row, column), from step `first` to `last`, both included."""
        parts = [
            segment.sealed.read(max(first, segment.lo), min(last + 1, segment.hi))
            for segment in self.segments
        ]
        steps = np.concatenate([np.zeros(0, np.int64), *(steps for steps, _ in parts)])
        none = np.zeros((0, len(self.columns)), np.float32)
        return steps, np.concatenate([none, *(values for _, values in parts)])

    def view(self, column: str, first: int, last: int, width: int) -> Bins:
        """Extremes of a column over at most `width` bins of the steps `first` to `last`.

        Bins are equal but for a quarter: their edges lie where a seal begins if one is near, since
        a seal that no edge cuts need not be read.
        """
        starts = [segment.sealed.starts(segment.lo, segment.hi) for segment in self.segments]
        bins = Bins.over(first, last, width).along(np.concatenate(starts or [np.empty(0, int)]))
        for segment in self.segments:
            segment.sealed.fill(bins, column, segment.lo, segment.hi)
        return bins.closed()

    @cached_property
    def _all(self) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        return self.read(0, NEVER)

    def __getitem__(self, name: str) -> NDArray[np.generic]:
        if name == "step":
            return self._all[0]
        if name not in self.columns:
            raise KeyError(f"{name!r}; there are: step, {', '.join(self.columns)}")
        return self._all[1][:, self.columns.index(name)]

    def __iter__(self) -> Iterator[str]:
        return iter(("step", *self.columns))

    def __len__(self) -> int:
        return 1 + len(self.columns)
