"""Reads sealed per-step rows, also while they are being written.

Files are read by `pread`, never mapped: truncating a mapped file would kill the reader.
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
from memlab.record.row_tail import read_tail

CHUNK = 8 << 20
"""Bytes read at once."""

ROWS_PER_PART = 64
"""Rows over which extremes are kept in memory once the rows of a seal have been read."""

SEALS_PER_BLOCK = 64
"""Number of seals read at once when all rows are read."""

Rows = tuple[Steps, Values]
PartExtremes = tuple[Steps, Values, Values, NDArray[np.int64]]
"""(part,) first steps; (column, part) least and greatest finite value, number of other values"""


@dataclass(frozen=True)
class SealedRows:
    """The rows of one file under valid seals, as of one moment."""

    path: str
    """of the file with the rows"""
    seed: int
    format: RowFormat
    seals: NDArray[np.void]
    """in step order"""
    tail: Rows
    """rows after the last seal, which are on disk without one"""
    damaged: set[int] = field(default_factory=set)
    """indices of seals whose rows were damaged when read; only grows"""
    parts: dict[int, PartExtremes] = field(default_factory=dict)
    """extremes of the parts of seals read so far, by index of the seal; only grows"""
    _missing: dict[tuple[int, int], list[MissingRows]] = field(init=False, default_factory=dict)
    """lost rows by first step and number of damaged seals"""

    @property
    def size(self) -> int:
        """Bytes of rows under seals."""
        return int(self.seals["rows"].sum()) * self.format.row_size

    @property
    def columns(self) -> tuple[str, ...]:
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

    def part_starts(self, lo: int, hi: int) -> NDArray[np.int64]:
        """First steps of the parts of seals with lo <= step < hi; none where steps have gaps."""
        if self.format.stores_steps:
            return self.starts(lo, hi)
        start, stop = np.searchsorted(self._end, lo, "right"), np.searchsorted(self._first, hi)
        seals = slice(int(start), int(stop))
        first = self._first[seals]
        counts = -(-(self._end[seals] - first) // ROWS_PER_PART)
        before = np.cumsum(counts) - counts
        parts = np.repeat(first - before * ROWS_PER_PART, counts)
        parts += np.arange(len(parts)) * ROWS_PER_PART
        return parts[slice(*np.searchsorted(parts, (lo, hi)))]

    def n_sealed(self, lo: int, hi: int) -> int:
        """Rows under the seals that begin at lo <= step < hi."""
        return int(self.seals["rows"][slice(*np.searchsorted(self._first, (lo, hi)))].sum())

    @property
    def last_step(self) -> int | None:
        """Step of the last row."""
        steps, _ = self.tail
        return int(steps[-1]) if len(steps) else self.last_sealed_step

    @property
    def last_sealed_step(self) -> int | None:
        """Step of the last row under a seal."""
        return int(self._end[-1]) - 1 if len(self.seals) else None

    def last_before(self, hi: int) -> int | None:
        """The last step below `hi`."""
        waiting = self.tail[0][: np.searchsorted(self.tail[0], hi)]
        if len(waiting):
            return int(waiting[-1])
        last = self.last_sealed_step
        if last is None or last < hi:
            return last
        if not self.format.stores_steps:
            return hi - 1
        place = int(np.searchsorted(self._first, hi)) - 1
        steps, _ = self._verified(np.arange(max(place, 0), place + 1))
        before = steps[steps < hi]
        return int(before[-1]) if len(before) else None

    @property
    def first_step(self) -> int | None:
        """Step of row 0, readable or not; where steps have gaps, of the first row."""
        if not len(self.seals):
            return int(self.tail[0][0]) if len(self.tail[0]) else None
        before = 0 if self.format.stores_steps else int(self.seals["row"][0])
        return int(self._first[0]) - before

    def read(self, lo: int, hi: int) -> Rows:
        """Steps, and rows (row, column), with lo <= step < hi; damaged rows are omitted."""
        start, stop = np.searchsorted(self._end, lo, "right"), np.searchsorted(self._first, hi)
        steps, values = self._verified(np.arange(start, stop))
        inside = slice(*np.searchsorted(steps, (lo, hi)))
        steps, values = steps[inside], values[inside]
        waiting = slice(*np.searchsorted(self.tail[0], (lo, hi)))
        if waiting.start < waiting.stop:
            steps = np.concatenate((steps, self.tail[0][waiting]))
            values = np.concatenate((values, self.tail[1][waiting]))
        return steps, values

    def blocks(self, lo: int, hi: int) -> Iterator[Rows]:
        """The same in blocks of up to `SEALS_PER_BLOCK` seals, however far apart their steps are."""
        start, stop = np.searchsorted(self._end, lo, "right"), np.searchsorted(self._first, hi)
        for at in range(int(start), int(stop), SEALS_PER_BLOCK):
            first = max(lo, int(self._first[at]))
            last = int(self._end[min(at + SEALS_PER_BLOCK, int(stop)) - 1])
            # Steps after the last seal belong to rows without a seal.
            yield self.read(first, min(hi, last))
        yield self.read(
            max(lo, 0 if self.last_sealed_step is None else self.last_sealed_step + 1), hi
        )

    def check(self, start: int, stop: int) -> None:
        """Read the rows of some seals to find out whether they are damaged."""
        for _ in self._intact(np.arange(start, stop)):
            pass

    def missing(self, next_step: int) -> list[MissingRows]:
        """Rows that are lost as far as known, by the positions that the seals state.

        Args:
            next_step: the step of the first row, or less where steps have gaps.
        """
        lost = self._missing.get(known := (next_step, len(self.damaged)))
        if lost is None:
            self._missing[known] = lost = self._find_missing(next_step)
        return lost

    def _find_missing(self, next_step: int) -> list[MissingRows]:
        good = np.ones(len(self.seals), np.bool_)
        good[list(self.damaged)] = False
        # A seal without rows marks the end of the known rows.
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

    def fill(self, bins: Bins, lo: int, hi: int) -> None:
        """Add the values of all columns with lo <= step < hi to `bins`.

        Only seals that an edge splits are read; the extremes of the others are in their seals. Of
        these, seals whose edges lie between parts are read once, then their parts are in memory.
        """
        if len(bins.edges) < 2:
            return
        waiting = slice(*np.searchsorted(self.tail[0], (lo, hi)))
        if waiting.start < waiting.stop:
            _add_values(bins, self.tail[0][waiting], self.tail[1][waiting])
        lo, hi = max(lo, int(bins.edges[0])), min(hi, int(bins.edges[-1]))
        start, stop = np.searchsorted(self._end, lo, "right"), np.searchsorted(self._first, hi)
        if lo >= hi or start >= stop:
            return
        edges = np.minimum(np.maximum(bins.edges, lo), hi)
        at = np.maximum(np.searchsorted(self._first, edges, "right") - 1, 0)
        splits = (self._first[at] < edges) & (edges < self._end[at])
        in_part = splits & ((edges - self._first[at]) % ROWS_PER_PART > 0)
        is_cut, needs_rows = np.zeros((2, len(self.seals)), np.bool_)
        is_cut[at[splits]] = True
        needs_rows[at[splits if self.format.stores_steps else in_part]] = True
        whole = start + np.flatnonzero(~is_cut[start:stop])
        if self.damaged:
            whole = whole[~np.isin(whole, list(self.damaged))]
        seals = self.seals[whole]
        nonfinite = seals["nonfinite"].T.astype(np.int64)
        bins.add(self._first[whole], seals["low"].T, seals["high"].T, nonfinite)
        self._add_parts(bins, np.flatnonzero(is_cut & ~needs_rows), lo, hi)
        if needs_rows.any():
            steps, values = self._verified(np.flatnonzero(needs_rows))
            inside = slice(*np.searchsorted(steps, (lo, hi)))
            _add_values(bins, steps[inside], values[inside])

    def _add_parts(self, bins: Bins, seals: NDArray[np.intp], lo: int, hi: int) -> None:
        """Add the extremes of the parts of some seals with lo <= step < hi to `bins`."""
        unread = [k for k in seals.tolist() if k not in self.parts and k not in self.damaged]
        for at in range(0, len(unread), SEALS_PER_BLOCK):
            self._read_parts(unread[at : at + SEALS_PER_BLOCK])
        known = [self.parts[k] for k in seals.tolist() if k in self.parts]
        if known:
            parts = [np.concatenate(one, axis=-1) for one in zip(*known, strict=True)]
            inside = slice(*np.searchsorted(parts[0], (lo, hi)))
            bins.add(*(one[..., inside] for one in parts))

    def _read_parts(self, seals: list[int]) -> None:
        """Keep the extremes of the parts of intact seals."""
        steps, values = self._verified(np.array(seals))
        intact = [k for k in seals if k not in self.damaged]
        if not intact:
            return
        rows = self.seals["rows"][intact].astype(np.int64)
        first_rows = np.cumsum(rows) - rows
        counts = -(-rows // ROWS_PER_PART)
        ends = np.cumsum(counts)
        starts = np.repeat(first_rows - (ends - counts) * ROWS_PER_PART, counts)
        starts += np.arange(len(starts)) * ROWS_PER_PART
        first_steps, low, high, nonfinite = _extremes_from(starts, steps, values)
        for k, start, stop in zip(intact, (ends - counts).tolist(), ends.tolist(), strict=True):
            of = slice(start, stop)
            self.parts[k] = first_steps[of], low[:, of], high[:, of], nonfinite[:, of]

    def _verified(self, which: NDArray[np.intp]) -> Rows:
        """Steps and rows of the seals at the ascending indices `which` whose CRC matches."""
        intact = list(self._intact(which))
        data = b"".join(piece for _, piece in intact)
        return self.format.decode(data, self.seals[[k for k, _ in intact]])

    def _intact(self, which: NDArray[np.intp]) -> Iterator[tuple[int, memoryview]]:
        """Index and bytes of each of these seals whose CRC matches; the others are damaged."""
        crcs = self.seals["crc"][which].tolist()
        sizes = (self.seals["rows"][which].astype(np.int64) * self.format.row_size).tolist()
        pieces = self._pieces(which)
        for k, crc, size, piece in zip(which.tolist(), crcs, sizes, pieces, strict=True):
            if len(piece) == size and zlib.crc32(piece, self.seed) == crc:
                yield k, piece
            else:
                self.damaged.add(k)

    def _pieces(self, which: NDArray[np.intp]) -> Iterator[memoryview]:
        """The bytes under each seal, adjacent ones read at once; shorter where the file ends."""
        if not len(which):
            return
        width = self.format.row_size
        starts = self.seals["row"][which].astype(np.int64) * width
        ends = starts + self.seals["rows"][which].astype(np.int64) * width
        apart = (starts[1:] != ends[:-1]) | (starts[1:] // CHUNK != starts[:-1] // CHUNK)
        groups = np.split(np.arange(len(which)), np.flatnonzero(apart) + 1)
        with files.reading(self.path) as read:
            for group in groups:
                base = int(starts[group[0]])
                data = memoryview(read(int(ends[group[-1]]) - base, base))
                for k in group.tolist():
                    yield data[starts[k] - base : ends[k] - base]


def _extremes_from(starts: NDArray[np.intp], steps: Steps, values: Values) -> PartExtremes:
    """The extremes of the rows from each of `starts` to the next."""
    by_column = np.ascontiguousarray(values.T)
    low = np.minimum.reduceat(by_column, starts, axis=1)
    high = np.maximum.reduceat(by_column, starts, axis=1)
    others = np.zeros(low.shape, np.int64)
    # A value that is not finite is an extreme, or makes it NaN; most rows have none.
    if not (np.isfinite(low) & np.isfinite(high)).all():
        finite = np.isfinite(by_column)
        infinity = values.dtype.type(np.inf)
        low = np.minimum.reduceat(np.where(finite, by_column, infinity), starts, axis=1)
        high = np.maximum.reduceat(np.where(finite, by_column, -infinity), starts, axis=1)
        recorded = (~(finite | is_missing(by_column))).astype(np.int64)
        others = np.add.reduceat(recorded, starts, axis=1)
    return steps[starts], low, high, others


def _add_values(bins: Bins, steps: Steps, values: Values) -> None:
    """Add rows, (row, column), to `bins`."""
    values = np.ascontiguousarray(values.T)
    finite = np.isfinite(values)
    infinity = values.dtype.type(np.inf)
    bins.add(
        steps,
        np.where(finite, values, infinity),
        np.where(finite, values, -infinity),
        (~(finite | is_missing(values))).astype(np.int64),
    )


@final
class RowReader:
    """Follows the index of one row file; `sealed` are the rows found so far."""

    def __init__(self, file: RowFile) -> None:
        self.file, self._offset = file, len(file.header)
        self._unsound = self._n_verified = 0
        seals = np.zeros(0, file.format.seal)
        self._no_tail = (
            np.zeros(0, np.int64),
            np.zeros((0, len(file.format.columns)), file.format.value),
        )
        self.sealed = SealedRows(str(file.rows), file.seed, file.format, seals, self._no_tail)

    @property
    def damaged(self) -> int:
        """Number of invalid records, and of seals whose rows are missing or damaged among those
        read.
        """
        return self._unsound + len(self.sealed.damaged)

    def verify(self) -> None:
        """Read all rows not read yet, so that `sealed.damaged` is complete."""
        n, self._n_verified = self._n_verified, len(self.sealed.seals)
        most = max(1, CHUNK // (1024 * self.sealed.format.row_size))
        for start in range(n, self._n_verified, most):
            self.sealed.check(start, min(start + most, self._n_verified))

    def refresh(self) -> bool:
        """Read the seals written since the last call; true if there were any."""
        parts = [self.sealed.seals]
        format = self.sealed.format
        size = format.seal.itemsize
        most = CHUNK // size * size
        last = self.sealed.last_sealed_step
        next_step = int(not format.stores_steps) if last is None else last + 1
        while data := files.read_from(self.file.index, self._offset, most):
            records = np.frombuffer(data, format.seal, len(data) // size)
            ok = self._acceptable(records, next_step)
            # The last record may still be incomplete: it is read again at the next refresh.
            used = len(records) - (len(data) < most and not ok[-1:].all())
            if not used:
                break
            good = records[:used][ok[:used]]
            if len(good):
                parts.append(good)
                next_step = int(format.ends(good[-1:])[0])
            self._unsound += used - len(good)
            self._offset += used * size
        grown = len(parts) > 1
        if grown:
            self.sealed = replace(self.sealed, seals=np.concatenate(parts))
        return self._refresh_tail() or grown

    def _refresh_tail(self) -> bool:
        """Read the rows after the last seal; true if they have changed."""
        seals = self.sealed.seals[-1:]
        first_row = int((seals["row"] + seals["rows"]).sum())
        steps, values = read_tail(self.file.tail, self.file.seed, self.file.format, first_row)
        last = self.sealed.last_sealed_step
        ascend = np.diff(steps, prepend=-1 if last is None else last) > 0
        tail = (steps, values) if ascend.all() else self._no_tail
        before = self.sealed.tail
        if tail[0].tobytes() == before[0].tobytes() and tail[1].tobytes() == before[1].tobytes():
            return False
        self.sealed = replace(self.sealed, tail=tail)
        return True

    def _acceptable(self, records: NDArray[np.void], next_step: int) -> NDArray[np.bool_]:
        """Mask of records that are seals over existing rows that no earlier seal covers."""
        format = self.sealed.format
        # Records without rows need no CRC: gigabytes of zeros are skipped quickly.
        row_end = records["row"] + records["rows"]
        ok: NDArray[np.bool_] = records["rows"] > 0
        ok &= row_end * format.row_size <= files.size(self.file.rows)
        ok[ok] = valid_seals(records if ok.all() else records[ok], self.sealed.seed)
        step_end = np.where(ok, format.ends(records), 0)
        reached = np.maximum.accumulate(np.concatenate([[next_step], step_end[:-1]]))
        return ok & (records["first"] >= reached)
