"""NumPy files with one axis: a series with one value per step, from step 1."""

from typing import IO

import numpy as np

from memlab.errors import DataError
from memlab.formats.log import Log, LogRun, LogSeries

MAGIC = b"\x93NUMPY"


def read_npy(file: IO[bytes], where: str, name: str) -> Log:
    """The series of an `.npy` file, memory-mapped.

    Raises:
        DataError: it is not an array of numbers with one axis.
    """
    try:
        version = np.lib.format.read_magic(file)
        read = np.lib.format.read_array_header_1_0
        if version != (1, 0):
            read = np.lib.format.read_array_header_2_0
        shape, _, dtype = read(file)
        if len(shape) != 1 or dtype.kind not in "fiu":
            raise DataError(
                "a series is an array with one axis",
                where=where,
                found=f"shape {shape}, type {dtype}",
            )
        n, offset = int(shape[0]), file.tell()
        values = np.memmap(file, dtype, "r", offset, (n,)) if n else np.empty(0, dtype)
    except (ValueError, OSError) as error:
        raise DataError("this is not an array of numbers", where=where, found=str(error)) from None
    column = "column 1"
    steps = np.arange(1, n + 1, dtype=np.int64)
    series = LogSeries(column, steps, values)
    return Log("npy", (LogRun(name, {column: series}),))
