"""Writes rows and the seals over them."""

import os
import time
from typing import final

import numpy as np

from memlab.record import files
from memlab.record.row_format import RowFile, Steps, Values

ROWS_PER_SEAL = 1024
SECONDS_PER_SEAL = 0.1


@final
class RowWriter:
    """Appends rows to a file and seals to its index, both made new.

    Rows wait in memory for at most `ROWS_PER_SEAL` rows, or until the first call that comes
    `SECONDS_PER_SEAL` after the last flush. When the disk refuses a flush, the rows are kept and
    the next flush writes them again at the same place.
    """

    def __init__(self, file: RowFile, after: int | None = None) -> None:
        """
        Args:
            after: the step before its first row; None = any step may be the first.
        """
        self._file, self.format = file, file.format
        self._rows_fd = files.create(file.rows)
        self._seals_fd = files.create(file.index)
        self._waiting: list[tuple[Steps, Values]] = []
        self._n_waiting = self._n_rows = self._seals_size = 0
        self._last = after
        self._due = time.monotonic() + SECONDS_PER_SEAL

    @property
    def last_step(self) -> int | None:
        """The step of the last row that was taken in."""
        return self._last

    @property
    def n_rows(self) -> int:
        """Rows taken in."""
        return self._n_rows + self._n_waiting

    def append(self, steps: Steps, values: Values) -> None:
        """Add a block (row, column) with ascending steps.

        After an `OSError` the same call may be made again: the block is not taken in twice.
        """
        if len(steps) and steps[-1] != self._last:
            assert self._follows(steps), f"row {steps[0]} after row {self._last}"
            self._waiting.append((steps, np.array(values, self.format.value)))
            self._n_waiting += len(steps)
            self._last = int(steps[-1])
        if self._n_waiting >= ROWS_PER_SEAL or time.monotonic() >= self._due:
            self.flush()

    def _follows(self, steps: Steps) -> bool:
        if self.format.stores_steps:
            return self._last is None or bool(steps[0] > self._last)
        return self._last is None or bool(steps[0] == self._last + 1)

    def flush(self) -> None:
        """Seal all that waits."""
        while self._n_waiting:
            steps = np.concatenate([block for block, _ in self._waiting])
            values = np.concatenate([block for _, block in self._waiting])
            self._write(steps[:ROWS_PER_SEAL], values[:ROWS_PER_SEAL])
            self._waiting = [(steps[ROWS_PER_SEAL:], values[ROWS_PER_SEAL:])]
            self._n_waiting = len(steps[ROWS_PER_SEAL:])
        self._waiting = []
        self._due = time.monotonic() + SECONDS_PER_SEAL

    def _write(self, steps: Steps, values: Values) -> None:
        data = self.format.encode(steps, values)
        seal = self.format.make_seal(steps, values, data, self._n_rows, self._file.seed)
        if not self._seals_size:
            seal = self._file.header + seal
        files.write_at(self._rows_fd, data, self._n_rows * self.format.row_size)
        files.write_at(self._seals_fd, seal, self._seals_size)
        self._n_rows += len(steps)
        self._seals_size += len(seal)

    def sync(self) -> None:
        """Make all that is sealed durable."""
        files.calls.fsync(self._rows_fd)
        files.calls.fsync(self._seals_fd)

    def close(self) -> None:
        """Let the files go; what waits is dropped."""
        os.close(self._rows_fd)
        os.close(self._seals_fd)
