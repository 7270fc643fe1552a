"""The layout of `steps.bin` and `steps.idx`.

`steps.bin` holds one little-endian float32 row per update and nothing else. `steps.idx` holds one
seal per flush; a row exists only under a valid seal. A seal repeats each column's extremes, so
that a chart of ten million steps reads ten thousand seals and no rows.
"""

import zlib
from itertools import repeat

import numpy as np
from numpy.typing import NDArray


def layout(n_columns: int) -> np.dtype[np.void]:
    """One seal: 28 bytes and 12 per column."""
    return np.dtype(
        [
            ("first", "<u8"),  # step of its first row
            ("row", "<u8"),  # where that row lies in steps.bin, counted in rows
            ("rows", "<u4"),
            ("crc", "<u4"),  # of the rows
            ("nonfinite", "<u4", (n_columns,)),  # how many values are NaN or infinite
            ("low", "<f4", (n_columns,)),  # least finite value, else +inf
            ("high", "<f4", (n_columns,)),  # greatest finite value, else -inf
            ("seal_crc", "<u4"),  # of all before it
        ]
    )


def make(values: NDArray[np.float32], first: int, row: int, seed: int) -> bytes:
    """The seal of `values` (row, column), at least one row."""
    seal = np.zeros(1, layout(values.shape[1]))
    finite = np.isfinite(values)
    seal["first"], seal["row"], seal["rows"] = first, row, len(values)
    seal["crc"] = zlib.crc32(values.tobytes(), seed)
    seal["nonfinite"] = (~finite).sum(axis=0)
    seal["low"] = values.min(axis=0, where=finite, initial=np.inf)
    seal["high"] = values.max(axis=0, where=finite, initial=-np.inf)
    body = seal.tobytes()[:-4]
    return body + zlib.crc32(body, seed).to_bytes(4, "little")


def valid(seals: NDArray[np.void], seed: int) -> NDArray[np.bool_]:
    """Which seals fit their CRC."""
    body = np.dtype([("body", f"V{seals.dtype.itemsize - 4}"), ("crc", "<u4")])
    pairs = seals.view(body)
    found = map(zlib.crc32, pairs["body"].tolist(), repeat(seed))
    fits: NDArray[np.bool_] = np.fromiter(found, np.uint32, len(seals)) == pairs["crc"]
    return fits
