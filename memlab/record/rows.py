"""Reads per-step rows under their seals, while they are written or long after.

Files are read by `pread`, never mapped: a mapped file that is cut kills the reader.
"""

import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import final

import numpy as np
from numpy.typing import NDArray

from memlab.record import files
from memlab.record.bins import Bins
from memlab.record.missing_rows import MissingRows
from memlab.record.row_format import RowFile, RowFormat, Steps, Values, is_missing, valid_seals

CHUNK = 8 << 20
"""Bytes read at once."""

Rows = tuple[Steps, Values]


@dataclass(frozen=True)
class SealedRows:
    """The rows of one file under valid seals, as known at one moment."""

    path: str
    """of the file with the rows"""
    seed: int
    format: RowFormat
    seals: NDArray[np.void]
    """in the order of their steps"""
    damaged: set[int] = field(default_factory=set)
    """places of seals whose rows turned out to be damaged when they were read; it only grows"""
    _cut: dict[bytes, Rows] = field(init=False, default_factory=dict)
    """the rows of the seals that were cut last: the next column's edges are the same"""

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of the values."""
        return self.format.columns

    @cached_property
    def _first(self) -> Steps:
        first: Steps = self.seals["first"].astype(np.int64)
        return first

    @cached_property
    def _end(self) -> Steps:
        return self.format.ends(self.seals)

    def starts(self, lo: int, hi: int) -> NDArray[np.int64]:
        """First steps of the seals that begin at lo <= step < hi."""
        return self._first[slice(*np.searchsorted(self._first, (lo, hi)))]

    @property
    def last_step(self) -> int | None:
        """Step of the last sealed row."""
        return int(self._end[-1]) - 1 if len(self.seals) else None

    def last_before(self, hi: int) -> int | None:
        """The last sealed step below `hi`."""
        last = self.last_step
        if last is None or last < hi:
            return last
        if not self.format.stores_steps:
            return hi - 1
        place = int(np.searchsorted(self._first, hi)) - 1
        steps, _ = self._verified_once(np.arange(max(place, 0), place + 1))
        before = steps[steps < hi]
        return int(before[-1]) if len(before) else None

    @property
    def first_step(self) -> int | None:
        """Step of row 0, whether or not it can be read; where steps have gaps, of the first row."""
        if not len(self.seals):
            return None
        before = 0 if self.format.stores_steps else int(self.seals["row"][0])
        return int(self._first[0]) - before

    def read(self, lo: int, hi: int) -> Rows:
        """Steps, and rows (row, column), with lo <= step < hi; damaged rows are left out."""
        start, stop = np.searchsorted(self._end, lo, "right"), np.searchsorted(self._first, hi)
        steps, values = self._verified(np.arange(start, stop))
        inside = slice(*np.searchsorted(steps, (lo, hi)))
        return steps[inside], values[inside]

    def check(self, start: int, stop: int) -> None:
        """Read the rows of some seals, to see whether they are damaged."""
        self._verified(np.arange(start, stop))

    def missing(self, next_step: int) -> list[MissingRows]:
        """Rows that are lost as far as is known, by the places that the seals state.

        Args:
            next_step: the step of the first row, or below it where steps have gaps.
        """
        good = np.ones(len(self.seals), np.bool_)
        good[list(self.damaged)] = False
        # Behind the last seal nothing is known: a seal over no rows stands there.
        ends = np.append(self._end[good], self._end[-1:])
        firsts = np.append(self._first[good], self._end[-1:])
        rows = self.seals["row"].astype(np.int64)
        row_ends = rows + self.seals["rows"]
        lost = np.append(rows[good], row_ends[-1:]) - np.append(0, row_ends[good])[: len(ends)]
        before = np.append(next_step, ends)
        return [
            MissingRows(int(before[k]), int(firsts[k]) - 1, int(lost[k]))
            for k in np.flatnonzero(lost > 0)
        ]

    def fill(self, bins: Bins, column: str, lo: int, hi: int) -> None:
        """Fold the column's values with lo <= step < hi into `bins`.

        Only seals that an edge cuts are read; of all others the extremes are known.
        """
        if not len(bins.low):
            return
        lo, hi = max(lo, int(bins.edges[0])), min(hi, int(bins.edges[-1]))
        start, stop = np.searchsorted(self._end, lo, "right"), np.searchsorted(self._first, hi)
        if lo >= hi or start >= stop:
            return
        edges = np.clip(bins.edges, lo, hi)
        at = np.maximum(np.searchsorted(self._first, edges, "right") - 1, 0)
        is_cut = np.zeros(len(self.seals), np.bool_)
        is_cut[at[(self._first[at] < edges) & (edges < self._end[at])]] = True
        c = self.columns.index(column)
        whole = start + np.flatnonzero(~is_cut[start:stop])
        if self.damaged:
            whole = whole[~np.isin(whole, list(self.damaged))]
        known = self.seals[whole]
        bins.add(
            self._first[whole],
            known["low"][:, c],
            known["high"][:, c],
            known["nonfinite"][:, c].astype(np.int64),
        )
        steps, values = self._verified_once(np.flatnonzero(is_cut))
        inside = slice(*np.searchsorted(steps, (lo, hi)))
        steps, column_values = steps[inside], values[inside, c]
        finite = np.isfinite(column_values)
        infinity = column_values.dtype.type(np.inf)
        bins.add(
            steps,
            np.where(finite, column_values, infinity),
            np.where(finite, column_values, -infinity),
            (~(finite | is_missing(column_values))).astype(np.int64),
        )

    def _verified_once(self, which: NDArray[np.intp]) -> Rows:
        found = self._cut.get(key := which.tobytes())
        if found is None:
            self._cut.clear()
            self._cut[key] = found = self._verified(which)
        return found

    def _verified(self, which: NDArray[np.intp]) -> Rows:
        """Steps and rows of the seals at the ascending places `which`, where their CRC fits."""
        good: list[int] = []
        pieces: list[memoryview] = []
        for k, piece in zip(which.tolist(), self._pieces(which), strict=True):
            crc, size = self.seals["crc"][k], self.seals["rows"][k] * self.format.row_size
            if len(piece) == size and zlib.crc32(piece, self.seed) == crc:
                good.append(k)
                pieces.append(piece)
            else:
                self.damaged.add(k)
        return self.format.decode(b"".join(pieces), self.seals[good])

    def _pieces(self, which: NDArray[np.intp]) -> Iterator[memoryview]:
        """The bytes under each seal, neighbours read at once; short where the file ends."""
        width = self.format.row_size
        starts = self.seals["row"][which].astype(np.int64) * width
        ends = starts + self.seals["rows"][which].astype(np.int64) * width
        apart = (starts[1:] != ends[:-1]) | (starts[1:] // CHUNK != starts[:-1] // CHUNK)
        groups = np.split(np.arange(len(which)), np.flatnonzero(apart) + 1)
        with files.reading(self.path) as read:
            for group in groups if len(which) else ():
                base = int(starts[group[0]])
                data = memoryview(read(int(ends[group[-1]]) - base, base))
                for k in group.tolist():
                    yield data[starts[k] - base : ends[k] - base]


@final
class RowReader:
    """Follows the index of one file of rows; `sealed` is what it has found so far."""

    def __init__(self, file: RowFile) -> None:
        self.file, self._offset = file, len(file.header)
        self._unsound = self._n_verified = 0
        seals = np.zeros(0, file.format.seal)
        self.sealed = SealedRows(str(file.rows), file.seed, file.format, seals)

    @property
    def damaged(self) -> int:
        """Records that are no seals, or whose rows are missing or damaged as far as they were read."""
        return self._unsound + len(self.sealed.damaged)

    def verify(self) -> None:
        """Read all rows that were not read for this yet, so that `sealed.damaged` is complete."""
        n, self._n_verified = self._n_verified, len(self.sealed.seals)
        most = max(1, CHUNK // (1024 * self.sealed.format.row_size))
        for start in range(n, self._n_verified, most):
            self.sealed.check(start, min(start + most, self._n_verified))

    def refresh(self) -> bool:
        """Take in the seals that were written since; true when there were any."""
        found = [self.sealed.seals]
        format = self.sealed.format
        size = format.seal.itemsize
        most = CHUNK // size * size
        last = self.sealed.last_step
        next_step = int(not format.stores_steps) if last is None else last + 1
        while data := files.read_from(self.file.index, self._offset, most):
            records = np.frombuffer(data, format.seal, len(data) // size)
            ok = self._acceptable(records, next_step)
            # The last record may still be in the making: it is looked at again next time.
            used = len(records) - (len(data) < most and not ok[-1:].all())
            if not used:
                break
            good = records[:used][ok[:used]]
            if len(good):
                found.append(good)
                next_step = int(format.ends(good[-1:])[0])
            self._unsound += used - len(good)
            self._offset += used * size
        if len(found) == 1:
            return False
        self.sealed = replace(self.sealed, seals=np.concatenate(found))
        return True

    def _acceptable(self, records: NDArray[np.void], next_step: int) -> NDArray[np.bool_]:
        """Which records are seals over rows that are there and that no earlier seal covers."""
        format = self.sealed.format
        # What points at no rows needs no CRC: gigabytes of zeros are soon left behind.
        row_end = records["row"] + records["rows"]
        ok: NDArray[np.bool_] = records["rows"] > 0
        ok &= row_end * format.row_size <= files.size(self.file.rows)
        ok[ok] = valid_seals(records if ok.all() else records[ok], self.sealed.seed)
        step_end = np.where(ok, format.ends(records), 0)
        reached = np.maximum.accumulate(np.concatenate([[next_step], step_end[:-1]]))
        return ok & (records["first"] >= reached)
