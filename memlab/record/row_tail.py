"""Rows without a seal yet, which are on disk as soon as they are logged.

A run that is tracked writes each row at once into a ring of `SLOTS` slots, each with its own CRC,
by one call to the operating system; the trainer writes the rows of some milliseconds. A killed
process loses none of them, and one seal covers many rows. A reader takes the rows that follow the
last seal without a gap.
"""

import os
import struct
import zlib
from collections.abc import Iterable, Sequence
from contextlib import suppress
from itertools import repeat
from pathlib import Path
from typing import final

import numpy as np

from memlab.record import files
from memlab.record.row_format import RowFormat, Steps, Values

SLOTS = 1024
"""maximum number of rows without a seal"""


def slot_layout(n_columns: int) -> np.dtype[np.void]:
    """One slot: the index of the row in its file, the row, and a CRC of both."""
    return np.dtype([("row", "<u8"), ("cells", "<i8", (1 + n_columns,)), ("crc", "<u4")])


@final
class TailWriter:
    """Writes rows into a new ring file of fixed size; a full disk is detected when it is created."""

    def __init__(self, path: Path, seed: int, n_columns: int) -> None:
        self._pack = struct.Struct(f"<Qq{n_columns}d").pack
        self._size, self._seed = slot_layout(n_columns).itemsize, seed
        self._fd = files.create(path)
        try:
            files.write_at(self._fd, bytes(SLOTS * self._size), 0)
        except OSError:
            os.close(self._fd)
            with suppress(OSError):
                files.calls.unlink(path)
            raise

    def write(self, row: int, step: int, values: Iterable[float]) -> bytes:
        """Write a row into its slot; returns its bytes for the row file.

        Raises:
            OSError: the row is not on disk.
            TypeError, struct.error: a value is not a number.
        """
        slot = self._slot(row, step, values)
        files.calls.pwrite(self._fd, slot, row % SLOTS * self._size)
        return slot[8:-4]

    def write_block(self, row: int, step: int, block: Sequence[Iterable[float]]) -> None:
        """Write consecutive rows of consecutive steps, at most `SLOTS`, by one call; by two if they
        pass the end of the ring.

        Raises:
            OSError: not all rows are on disk.
        """
        first = row % SLOTS
        slots = [self._slot(row + i, step + i, values) for i, values in enumerate(block)]
        files.write_at(self._fd, b"".join(slots[: SLOTS - first]), first * self._size)
        if first + len(slots) > SLOTS:
            files.write_at(self._fd, b"".join(slots[SLOTS - first :]), 0)

    def _slot(self, row: int, step: int, values: Iterable[float]) -> bytes:
        body = self._pack(row, step, *values)
        return body + zlib.crc32(body, self._seed).to_bytes(4, "little")

    def close(self) -> None:
        os.close(self._fd)


def read_tail(path: Path, seed: int, format: RowFormat, first_row: int) -> tuple[Steps, Values]:
    """The rows from index `first_row` on, without a gap; none if there is no ring file."""
    layout = slot_layout(len(format.columns))
    data = files.read_from(path, 0, SLOTS * layout.itemsize)
    slots = np.frombuffer(data, layout, len(data) // layout.itemsize)
    body = np.dtype([("body", f"V{layout.itemsize - 4}"), ("crc", "<u4")])
    slots = slots[slots["row"] >= first_row]
    crcs = map(zlib.crc32, slots.view(body)["body"].tolist(), repeat(seed))
    slots = slots[np.fromiter(crcs, np.uint32, len(slots)) == slots["crc"]]
    slots = slots[np.argsort(slots["row"])]
    follows = slots["row"].astype(np.int64) == first_row + np.arange(len(slots))
    cells = slots["cells"][np.logical_and.accumulate(follows)]
    values = np.ascontiguousarray(cells[:, 1:]).view("<f8")
    return cells[:, 0].copy(), values.astype(format.value, copy=False)
