"""The per-step rows of a run, merged from its attempts: each step from the latest attempt that computed it."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from memlab.record.bins import Bins
from memlab.record.events import SPARSE
from memlab.record.missing_rows import MissingRows
from memlab.record.row_format import MISSING, Steps, Values, is_missing
from memlab.record.rows import SealedRows

NEVER = 2**62
"""An upper bound of steps."""

VIEWS = 64
"""Maximum number of recent views in memory; a logarithmic axis has one per octave."""


@dataclass(frozen=True)
class Segment:
    """The steps of a row file that no later attempt recomputed: lo <= step < hi."""

    sealed: SealedRows
    lo: int
    hi: int


@dataclass(frozen=True, eq=False)
class RunRows(Mapping[str, NDArray[np.generic]]):
    """Columns by name, `step` included: `rows["loss"]`. Read on first use."""

    columns: tuple[str, ...]
    segments: tuple[Segment, ...]
    """in step order"""
    _views: dict[tuple[int, int, int], Bins] = field(init=False, default_factory=dict)
    """recent views, of all columns: the charts of a screen show the same steps"""

    @classmethod
    def merge(cls, columns: tuple[str, ...], tables: list[tuple[SealedRows, int]]) -> "RunRows":
        """Rows of files, oldest first; each replaces earlier ones from its first step on."""
        segments, hi = [], NEVER
        for sealed, first_step in reversed(tables):
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

    @cached_property
    def last_step(self) -> int:
        """The step of the last row; 0 if there is none."""
        for segment in reversed(self.segments):
            last = segment.sealed.last_before(segment.hi)
            if last is not None and last >= segment.lo:
                return last
        return 0

    @property
    def n_sealed(self) -> int:
        """The approximate number of rows: those under seals that begin in a segment."""
        return sum(one.sealed.n_sealed(one.lo, one.hi) for one in self.segments)

    def read(self, first: int, last: int) -> tuple[Steps, Values]:
        """Steps, and rows (row, column), from step `first` to `last`, both included.

        A value that was not recorded is a NaN; see `is_missing`.
        """
        parts = [
            self._spread(
                segment.sealed,
                *segment.sealed.read(max(first, segment.lo), min(last + 1, segment.hi)),
            )
            for segment in self.segments
        ]
        if not parts:
            return np.zeros(0, np.int64), np.zeros((0, len(self.columns)), np.float32)
        steps, values = zip(*parts, strict=True)
        return np.concatenate(steps), np.concatenate(values)

    def blocks(self, first: int = 0) -> Iterator[tuple[Steps, Values]]:
        """All rows from step `first` on, in blocks of bounded size; see `read`."""
        for segment in self.segments:
            for steps, values in segment.sealed.blocks(max(first, segment.lo), segment.hi):
                if len(steps):
                    yield self._spread(segment.sealed, steps, values)

    def _spread(self, sealed: SealedRows, steps: Steps, values: Values) -> tuple[Steps, Values]:
        """Rows of one file with all columns of the run."""
        if sealed.columns == self.columns:
            return steps, values
        wide = np.full((len(steps), len(self.columns)), MISSING)
        wide[:, [self.columns.index(name) for name in sealed.columns]] = values
        return steps, wide

    def measured(self, column: str, first: int = 0, last: int = NEVER) -> tuple[Steps, Values]:
        """Steps `first` to `last` at which the column was recorded, and its values there."""
        steps, rows = self.read(first, last)
        values = rows[:, self.columns.index(column)]
        recorded = self.recorded(column, values)
        return steps[recorded], values[recorded]

    def recorded(self, column: str, values: Values) -> NDArray[np.bool_]:
        """Which values of a column were recorded; in format 1.0 a NaN of some columns was not."""
        stores_steps = self.segments and self.segments[0].sealed.format.stores_steps
        return ~(np.isnan(values) if column in SPARSE and not stores_steps else is_missing(values))

    @property
    def missing(self) -> tuple[MissingRows, ...]:
        """Rows lost between others, among those read so far."""
        parts = [
            one.within(segment.lo, segment.hi)
            for segment in self.segments
            for one in segment.sealed.missing(segment.lo)
        ]
        return tuple(one for one in parts if one is not None)

    def view(self, column: str, first: int, last: int, width: int) -> Bins:
        """Extremes of a column over at most `width` bins of the steps `first` to `last`.

        Edges are moved by up to half a bin, the outer ones outwards, to the start of a seal, else of
        a part of it: the rows of a seal that no edge splits need not be read. A column that no row
        has is empty.
        """
        if column not in self.columns:
            return Bins.over(first, last, width).closed()
        bins = self._views.get(key := (first, last, width))
        if bins is None:
            if len(self._views) >= VIEWS:
                self._views.clear()
            self._views[key] = bins = self._view(first, last, width)
        return bins.of(self.columns.index(column))

    def _view(self, first: int, last: int, width: int) -> Bins:
        """The extremes of all columns."""
        half = max(last - first + 1, 0) // (2 * width)
        seals = self._starts(SealedRows.starts, first - half, last + half)
        parts = self._starts(SealedRows.part_starts, first - half, last + half)
        before, after = parts[parts <= first], parts[parts > last]
        first = int(before[-1]) if len(before) else first
        last = int(after[0]) - 1 if len(after) else last
        bins = Bins.over(first, last, width, (len(self.columns),)).along(seals, parts)
        for segment in self.segments:
            columns = [self.columns.index(name) for name in segment.sealed.columns]
            filled = bins.of(columns)
            segment.sealed.fill(filled, segment.lo, segment.hi)
            bins.put(columns, filled)
        return bins.closed()

    def _starts(
        self, starts: Callable[[SealedRows, int, int], Steps], first: int, last: int
    ) -> Steps:
        """Those of the rows from step `first` to `last`."""
        return np.concatenate(
            [
                np.empty(0, np.int64),
                *(
                    starts(one.sealed, max(one.lo, first), min(one.hi, last + 1))
                    for one in self.segments
                ),
            ]
        )

    @cached_property
    def _all(self) -> tuple[Steps, Values]:
        return self.read(0, NEVER)

    def __getitem__(self, name: str) -> NDArray[np.generic]:
        if name == "step":
            return self._all[0]
        if name not in self.columns:
            raise KeyError(f"{name!r}; available: step, {', '.join(self.columns)}")
        return self._all[1][:, self.columns.index(name)]

    def __iter__(self) -> Iterator[str]:
        return iter(("step", *self.columns))

    def __len__(self) -> int:
        return 1 + len(self.columns)
