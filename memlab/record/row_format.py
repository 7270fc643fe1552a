"""The layouts of rows and of the seals over them.

A row file holds rows and nothing else; its index holds one seal per flush. A row exists only under
a valid seal. A seal repeats each column's extremes, so that a chart of ten million steps reads ten
thousand seals and no rows. All numbers are little-endian.

Format 1.0, `steps.bin`: float32 values; one row per update, so the step follows from the index.
Format 1.1, `rows-001.bin`, ...: an int64 step, then float64 values. Steps ascend and may have gaps.
A value that was not recorded is `MISSING`, a NaN with a special payload: a NaN that was recorded
is data.
"""

import zlib
from dataclasses import dataclass
from functools import cached_property
from itertools import repeat
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

Steps = NDArray[np.int64]
"""(row,) ascending"""
Values = NDArray[np.floating[Any]]
"""(row, column), float32 in format 1.0 and float64 in 1.1"""

_MISSING_BITS = np.uint64(0x7FF8_0000_0000_07A2)
MISSING = _MISSING_BITS.view(np.float64)
"""Marks a value that was not recorded. R uses the same NaN payload, 1954."""


def is_missing(values: Values) -> NDArray[np.bool_]:
    """Mask of values that were not recorded; float32 values always were."""
    if values.dtype != np.float64:
        return np.zeros(values.shape, np.bool_)
    # A column slice is not contiguous, which a view with another type requires.
    bits: NDArray[np.bool_] = np.ascontiguousarray(values).view(np.uint64) == _MISSING_BITS
    return bits


@dataclass(frozen=True)
class RowFormat:
    """Layout of the rows in one file and of the seals over them."""

    columns: tuple[str, ...]
    stores_steps: bool = False
    """format 1.1: each row begins with its step"""

    @cached_property
    def value(self) -> np.dtype[np.floating[Any]]:
        """Data type of a value."""
        return np.dtype("<f8" if self.stores_steps else "<f4")

    @cached_property
    def row_size(self) -> int:
        """Bytes per row."""
        return 8 * self.stores_steps + self.value.itemsize * len(self.columns)

    @cached_property
    def seal(self) -> np.dtype[np.void]:
        """One seal: 28 bytes and 12 per column; in format 1.1, 36 bytes and 20 per column."""
        n = len(self.columns)
        last = [("last", "<u8")] if self.stores_steps else []
        return np.dtype(
            [
                ("first", "<u8"),  # step of its first row
                *last,  # step of its last row
                ("row", "<u8"),  # index of the first row in the file
                ("rows", "<u4"),
                ("crc", "<u4"),  # of the rows
                ("nonfinite", "<u4", (n,)),  # number of recorded values that are NaN or infinite
                ("low", self.value, (n,)),  # least finite value, else +inf
                ("high", self.value, (n,)),  # greatest finite value, else -inf
                ("seal_crc", "<u4"),  # of all before it
            ]
        )

    def ends(self, seals: NDArray[np.void]) -> Steps:
        """(seal,) one more than the step of each seal's last row."""
        last: Steps = (
            seals["last"].astype(np.int64) + 1
            if self.stores_steps
            else (seals["first"] + seals["rows"]).astype(np.int64)
        )
        return last

    def encode(self, steps: Steps, values: Values) -> bytes:
        """Rows as bytes of the file."""
        if not self.stores_steps:
            return values.astype(self.value, copy=False).tobytes()
        # int64 steps and float64 values have the same width: (row, 1 + column).
        cells = np.empty((len(steps), 1 + len(self.columns)), "<i8")
        cells[:, 0] = steps
        cells[:, 1:] = np.ascontiguousarray(values, self.value).view("<i8")
        return cells.tobytes()

    def decode(self, data: bytes, seals: NDArray[np.void]) -> tuple[Steps, Values]:
        """Steps and values of the rows under `seals`, whose bytes are `data`."""
        counts = seals["rows"].astype(np.int64)
        if self.stores_steps:
            cells = np.frombuffer(data, "<i8").reshape(-1, 1 + len(self.columns))
            return cells[:, 0].astype(np.int64), np.ascontiguousarray(cells[:, 1:]).view(self.value)
        before = np.cumsum(counts) - counts
        steps = np.repeat(seals["first"].astype(np.int64) - before, counts)
        values = np.frombuffer(data, self.value).reshape(-1, len(self.columns))
        return steps + np.arange(counts.sum()), values

    def make_seal(self, steps: Steps, values: Values, data: bytes, row: int, seed: int) -> bytes:
        """The seal over at least one row; `data` is the result of `encode`."""
        seal = np.zeros(1, self.seal)
        finite = np.isfinite(values)
        seal["first"], seal["row"], seal["rows"] = steps[0], row, len(steps)
        if self.stores_steps:
            seal["last"] = steps[-1]
        seal["crc"] = zlib.crc32(data, seed)
        seal["nonfinite"] = (~(finite | is_missing(values))).sum(axis=0)
        seal["low"] = values.min(axis=0, where=finite, initial=np.inf)
        seal["high"] = values.max(axis=0, where=finite, initial=-np.inf)
        body = seal.tobytes()[:-4]
        return body + zlib.crc32(body, seed).to_bytes(4, "little")


@dataclass(frozen=True)
class RowFile:
    """Location of the rows of one format."""

    index: Path
    rows: Path
    seed: int
    """initial value of the CRCs"""
    format: RowFormat
    header: bytes = b""
    """header of the index"""

    @property
    def tail(self) -> Path:
        """The file of rows without a seal, if they are kept on disk; see `row_tail`."""
        return self.rows.with_suffix(".tail")


def valid_seals(seals: NDArray[np.void], seed: int) -> NDArray[np.bool_]:
    """Mask of the seals whose CRC matches."""
    body = np.dtype([("body", f"V{seals.dtype.itemsize - 4}"), ("crc", "<u4")])
    pairs = seals.view(body)
    crcs = map(zlib.crc32, pairs["body"].tolist(), repeat(seed))
    fits: NDArray[np.bool_] = np.fromiter(crcs, np.uint32, len(seals)) == pairs["crc"]
    return fits
