"""Reads per-step rows under their seals, while they are written or long after.

Files are read by `pread`, never mapped: a mapped file that is cut kills the reader.
"""

import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import final

import numpy as np
from numpy.typing import NDArray

from memlab.record import files, row_index
from memlab.record.bins import Bins

CHUNK = 8 << 20
"""Bytes read at once."""

Verified = tuple[NDArray[np.int64], NDArray[np.float32]]
"""steps, and rows (row, column)"""


@dataclass(frozen=True)
class SealedRows:
    """The rows under the valid seals of one attempt, as known at one moment."""

    path: str
    """of steps.bin"""
    seed: int
    columns: tuple[str, ...]
    seals: NDArray[np.void]
    """in the order of their steps"""
    _cut: dict[bytes, Verified] = field(init=False, default_factory=dict)
    """the rows of the seals that were cut last: the next column's edges are the same"""

    @cached_property
    def _first(self) -> NDArray[np.int64]:
        first: NDArray[np.int64] = self.seals["first"].astype(np.int64)
        return first

    @cached_property
    def _end(self) -> NDArray[np.int64]:
        end: NDArray[np.int64] = self._first + self.seals["rows"]
        return end

    def starts(self, lo: int, hi: int) -> NDArray[np.int64]:
        """First steps of the seals that begin at lo <= step < hi."""
        return self._first[slice(*np.searchsorted(self._first, (lo, hi)))]

    @property
    def last_step(self) -> int | None:
        """Step of the last sealed row."""
        return int(self._end[-1]) - 1 if len(self.seals) else None

    @property
    def first_step(self) -> int | None:
        """Step of row 0, whether or not it can be read."""
        return (
            int(self._first[0] - self.seals["row"][0].astype(np.int64)) if len(self.seals) else None
        )

    def read(self, lo: int, hi: int) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """Steps, and rows (row, column), with lo <= step < hi; damaged rows are left out."""
        which = np.arange(
            np.searchsorted(self._end, lo, "right"), np.searchsorted(self._first, hi, "left")
        )
        steps, values = self._verified(which)
        inside = slice(*np.searchsorted(steps, (lo, hi)))
        return steps[inside], values[inside]

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
        bins.add(
            steps,
            np.where(finite, column_values, np.float32(np.inf)),
            np.where(finite, column_values, np.float32(-np.inf)),
            (~finite).astype(np.int64),
        )

    def _verified_once(self, which: NDArray[np.intp]) -> Verified:
        found = self._cut.get(key := which.tobytes())
        if found is None:
            self._cut.clear()
            self._cut[key] = found = self._verified(which)
        return found

    def _verified(self, which: NDArray[np.intp]) -> Verified:
        """Steps and rows of the seals at the ascending places `which`, where their CRC fits."""
        good: list[int] = []
        pieces: list[memoryview] = []
        for k, piece in zip(which.tolist(), self._pieces(which), strict=True):
            crc, size = self.seals["crc"][k], self.seals["rows"][k] * 4 * len(self.columns)
            if len(piece) == size and zlib.crc32(piece, self.seed) == crc:
                good.append(k)
                pieces.append(piece)
        counts = self.seals["rows"][good].astype(np.int64)
        before = np.cumsum(counts) - counts
        steps = np.repeat(self._first[good] - before, counts) + np.arange(counts.sum())
        values = np.frombuffer(b"".join(pieces), "<f4").reshape(-1, len(self.columns))
        return steps, values

    def _pieces(self, which: NDArray[np.intp]) -> Iterator[memoryview]:
        """The bytes under each seal, neighbours read at once; short where the file ends."""
        width = 4 * len(self.columns)
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
    """Follows `steps.idx` in an attempt's folder; `sealed` is what it has found so far."""

    def __init__(self, folder: Path, seed: int, columns: tuple[str, ...]) -> None:
        self._index, self._rows = folder / "steps.idx", folder / "steps.bin"
        self._layout = row_index.layout(len(columns))
        self._offset = 0
        self.damaged = 0
        """records that are no seals, or whose rows are not there"""
        self.sealed = SealedRows(str(self._rows), seed, columns, np.zeros(0, self._layout))

    def refresh(self) -> bool:
        """Take in the seals that were written since; true when there were any."""
        found = [self.sealed.seals]
        size = self._layout.itemsize
        most = CHUNK // size * size
        next_step = (self.sealed.last_step or 0) + 1
        while data := files.read_from(self._index, self._offset, most):
            records = np.frombuffer(data, self._layout, len(data) // size)
            ok = self._acceptable(records, next_step)
            # The last record may still be in the making: it is looked at again next time.
            used = len(records) - (len(data) < most and not ok[-1:].all())
            if not used:
                break
            good = records[:used][ok[:used]]
            if len(good):
                found.append(good)
                next_step = int(good["first"][-1] + good["rows"][-1])
            self.damaged += used - len(good)
            self._offset += used * size
        if len(found) == 1:
            return False
        self.sealed = replace(self.sealed, seals=np.concatenate(found))
        return True

    def _acceptable(self, records: NDArray[np.void], next_step: int) -> NDArray[np.bool_]:
        """Which records are seals over rows that are there and that no earlier seal covers."""
        width = 4 * len(self.sealed.columns)
        # What points at no rows needs no CRC: gigabytes of zeros are soon left behind.
        row_end = records["row"] + records["rows"]
        ok: NDArray[np.bool_] = (records["rows"] > 0) & (row_end * width <= files.size(self._rows))
        ok[ok] = row_index.valid(records if ok.all() else records[ok], self.sealed.seed)
        step_end = np.where(ok, records["first"] + records["rows"], 0)
        reached = np.maximum.accumulate(np.concatenate([[next_step], step_end[:-1]]))
        return ok & (records["first"] >= reached)
