"""Writes rows and the seals over them."""

import os
import struct
import time
from collections.abc import Collection, Sequence
from contextlib import suppress
from typing import final

import numpy as np

from memlab.record import files
from memlab.record.row_format import RowFile, Steps, Values
from memlab.record.row_tail import SLOTS, TailWriter

ROWS_PER_SEAL = 1024
SECONDS_PER_SEAL = 0.1


@final
class RowWriter:
    """Appends rows to a new file and seals to its new index.

    Rows wait in memory for at most `ROWS_PER_SEAL` rows, or until the first call that comes
    `SECONDS_PER_SEAL` after the last flush. If a flush fails, the rows are kept and the next flush
    writes them again at the same offset.
    """

    def __init__(self, file: RowFile, after: int | None = None) -> None:
        """
        Args:
            after: the step before its first row; None = any step may be the first.
        """
        self._file, self.format, self.columns = file, file.format, file.format.columns
        self._rows_fd = files.create(file.rows)
        self._seals_fd = files.create(file.index)
        self._waiting: list[tuple[Steps, Values]] = []
        self._packed = bytearray()
        """bytes of pending rows that were added one by one"""
        self._tail: TailWriter | None = None
        self._n_kept = 0
        """rows before this one are sealed, or in the ring if `keep` wrote any"""
        self.n_rows = self._n_placed = self._seals_size = 0
        """rows added; rows sealed or dropped; bytes of the index"""
        self.last_step = after
        """step of the last row added"""
        self._due = time.monotonic() + SECONDS_PER_SEAL

    @property
    def n_waiting(self) -> int:
        """Number of rows without a seal."""
        return self.n_rows - self._n_placed

    @property
    def last_row_waits(self) -> bool:
        """Whether the last row was added by `append_row` and can be taken back."""
        return bool(self._packed)

    def append(self, steps: Steps, values: Values) -> None:
        """Add a block (row, column) with ascending steps.

        After an `OSError` the call can be repeated: the block is not added twice.
        """
        before = self.n_rows
        if len(steps) and steps[-1] != self.last_step:
            assert self._follows(steps), f"row {steps[0]} after row {self.last_step}"
            self._waiting.append((steps, np.array(values, self.format.value)))
            self.n_rows += len(steps)
            self.last_step = int(steps[-1])
        if self.n_waiting >= ROWS_PER_SEAL or time.monotonic() >= self._due:
            self.flush()
        elif self.n_rows > before and not self.format.stores_steps:
            self._keep(before, int(steps[0]), values.tolist())

    def keep(self, first: int, rows: Sequence[Sequence[float]]) -> None:
        """Put rows of format 1.0 on disk, from step `first` on, which `append` will add later.

        They follow the last row, or those kept before. Without room on the disk they only wait for
        `append`, which reports that.
        """
        assert self.last_step is not None and not self.format.stores_steps
        self._keep(self.n_rows + first - self.last_step - 1, first, rows)

    def _keep(self, row: int, step: int, rows: Sequence[Sequence[float]]) -> None:
        """Write those of the rows from index `row` and `step` on into the ring that are not there
        yet.
        """
        n_known, end = max(self._n_kept - row, 0), row + len(rows)
        if n_known >= len(rows) or end - self._n_placed > SLOTS:
            return
        try:
            if self._tail is None:
                self._tail = self._begin_tail()
            self._tail.write_block(row + n_known, step + n_known, rows[n_known:])
        except OSError:
            return
        self._n_kept = end

    def _follows(self, steps: Steps) -> bool:
        if self.format.stores_steps:
            return self.last_step is None or bool(steps[0] > self.last_step)
        return self.last_step is None or bool(steps[0] == self.last_step + 1)

    def append_row(self, step: int, values: Collection[float]) -> None:
        """Add one row, which is on disk when this returns; the caller flushes.

        Raises:
            OSError: the row is not on disk; it was added and waits in memory.
            TypeError, struct.error: a value is not a number; the row was not added.
        """
        failure = None
        try:
            if self._tail is None:
                self._tail = self._begin_tail()
            row = self._tail.write(self.n_rows, step, values)
        except OSError as error:
            row, failure = struct.pack(f"<q{len(values)}d", step, *values), error
        self._packed += row
        self.n_rows += 1
        self.last_step = step
        if failure is not None:
            raise failure

    def _begin_tail(self) -> TailWriter:
        # The header is needed to interpret the rows.
        files.write_at(self._seals_fd, self._file.header, 0)
        self._seals_size = max(self._seals_size, len(self._file.header))
        return TailWriter(self._file.tail, self._file.seed, len(self.columns))

    def take_back(self) -> tuple[float, ...]:
        """Remove the last row, which has no seal yet; returns its values."""
        size = self.format.row_size
        step, *values = struct.unpack(f"<q{len(self.columns)}d", self._packed[-size:])
        del self._packed[-size:]
        self.n_rows -= 1
        self.last_step = step - 1
        return tuple(values)

    def waiting(self) -> tuple[Steps, Values]:
        """The rows without a seal."""
        if self._packed:
            cells = np.frombuffer(bytes(self._packed), "<i8").reshape(-1, 1 + len(self.columns))
            values = np.ascontiguousarray(cells[:, 1:]).view(self.format.value)
            self._waiting.append((cells[:, 0], values))
            self._packed.clear()
        if not self._waiting:
            return np.zeros(0, np.int64), np.zeros((0, len(self.columns)), self.format.value)
        if len(self._waiting) > 1:
            steps, blocks = zip(*self._waiting, strict=True)
            self._waiting = [(np.concatenate(steps), np.concatenate(blocks))]
        return self._waiting[0]

    def drop_oldest(self, keep: int) -> int:
        """Drop pending rows except the newest `keep`; returns how many. Readers report them."""
        dropped = max(self.n_waiting - keep, 0)
        if dropped:
            steps, values = self.waiting()
            self._waiting = [(steps[dropped:], values[dropped:])]
            self._n_placed += dropped
        return dropped

    def flush(self) -> None:
        """Seal all pending rows."""
        while self.n_waiting:
            steps, values = self.waiting()
            self._write(steps[:ROWS_PER_SEAL], values[:ROWS_PER_SEAL])
            self._waiting = [(steps[ROWS_PER_SEAL:], values[ROWS_PER_SEAL:])]
        self._waiting = []
        self._due = time.monotonic() + SECONDS_PER_SEAL

    def _write(self, steps: Steps, values: Values) -> None:
        data = self.format.encode(steps, values)
        seal = self.format.make_seal(steps, values, data, self._n_placed, self._file.seed)
        if not self._seals_size:
            seal = self._file.header + seal
        files.write_at(self._rows_fd, data, self._n_placed * self.format.row_size)
        files.write_at(self._seals_fd, seal, self._seals_size)
        self._n_placed += len(steps)
        self._seals_size += len(seal)

    def sync(self) -> None:
        """Make all sealed rows durable."""
        files.calls.fsync(self._rows_fd)
        files.calls.fsync(self._seals_fd)

    def close(self) -> None:
        """Close the files; rows without a seal stay in the ring, else it is removed."""
        if self._tail is not None:
            self._tail.close()
            if max(self.n_rows, self._n_kept) == self._n_placed:
                with suppress(OSError):
                    files.calls.unlink(self._file.tail)
        os.close(self._rows_fd)
        os.close(self._seals_fd)
