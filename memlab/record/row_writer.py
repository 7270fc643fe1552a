"""Writes per-step rows and the seals over them."""

import os
import time
from pathlib import Path
from typing import final

import numpy as np
from numpy.typing import NDArray

from memlab.record import files, row_index

ROWS_PER_SEAL = 1024
SECONDS_PER_SEAL = 0.1


@final
class RowWriter:
    """Appends rows to `steps.bin` and `steps.idx` in an attempt's folder, both made new.

    Rows are contiguous in steps. They wait in memory for at most `ROWS_PER_SEAL` rows, or until
    the first call that comes `SECONDS_PER_SEAL` after the last flush. When the disk refuses a
    flush, the rows are kept and the next flush writes them again at the same place.
    """

    def __init__(self, folder: Path, seed: int, first_step: int) -> None:
        self._seed, self._first_step = seed, first_step
        self._rows_fd = files.create(folder / "steps.bin")
        self._seals_fd = files.create(folder / "steps.idx")
        self._waiting: list[NDArray[np.float32]] = []
        self._n_waiting = self._n_rows = self._seals_size = 0
        self._due = time.monotonic() + SECONDS_PER_SEAL

    @property
    def next_step(self) -> int:
        """The step that the next row belongs to."""
        return self._first_step + self._n_rows + self._n_waiting

    def append(self, first: int, values: NDArray[np.float32]) -> None:
        """Add a block (row, column) whose first row belongs to step `first`.

        After an `OSError` the same call may be made again: the block is not taken in twice.
        """
        taken = first + len(values) == self.next_step
        assert taken or first == self.next_step, f"row {first} after row {self.next_step - 1}"
        if not taken:
            self._waiting.append(np.array(values, dtype="<f4"))
            self._n_waiting += len(values)
        if self._n_waiting >= ROWS_PER_SEAL or time.monotonic() >= self._due:
            self.flush()

    def flush(self) -> None:
        """Seal all that waits."""
        while self._n_waiting:
            values = np.concatenate(self._waiting)
            self._write(values[:ROWS_PER_SEAL])
            rest = values[ROWS_PER_SEAL:]
            self._waiting, self._n_waiting = [rest], len(rest)
        self._waiting = []
        self._due = time.monotonic() + SECONDS_PER_SEAL

    def _write(self, values: NDArray[np.float32]) -> None:
        seal = row_index.make(values, self._first_step + self._n_rows, self._n_rows, self._seed)
        files.write_at(self._rows_fd, values.tobytes(), self._n_rows * values[0].nbytes)
        files.write_at(self._seals_fd, seal, self._seals_size)
        self._n_rows += len(values)
        self._seals_size += len(seal)

    def sync(self) -> None:
        """Make all that is sealed durable."""
        files.calls.fsync(self._rows_fd)
        files.calls.fsync(self._seals_fd)

    def close(self) -> None:
        """Let the files go; what waits is dropped."""
        os.close(self._rows_fd)
        os.close(self._seals_fd)
