"""Growable columns of numbers in bounded memory."""

import tempfile
from typing import IO, Any, final

import numpy as np
from numpy.typing import NDArray

IN_MEMORY = 1 << 20
"""number of values kept in memory before a column is moved to a temporary file"""


@final
class GrowableArray:
    """A growable array; a long one is kept in a temporary file and memory-mapped for reading."""

    def __init__(self, dtype: type[np.generic]) -> None:
        self._dtype = np.dtype(dtype)
        self._chunks: list[NDArray[Any]] = []
        self._n_in_memory = 0
        self._file: IO[bytes] | None = None
        self._length = 0

    def __del__(self) -> None:
        if self._file is not None:
            self._file.close()  # arrays that map it stay valid

    def __len__(self) -> int:
        return self._length

    def extend(self, values: NDArray[Any]) -> None:
        if len(values):
            self._chunks.append(np.array(values, self._dtype))
            self._n_in_memory += len(values)
            self._length += len(values)
        if self._n_in_memory >= IN_MEMORY:
            self._spill()

    def _spill(self) -> None:
        self._file = self._file or tempfile.TemporaryFile()  # noqa: SIM115
        for chunk in self._chunks:
            self._file.write(chunk.tobytes())
        self._file.flush()
        self._chunks, self._n_in_memory = [], 0

    def array(self) -> NDArray[Any]:
        if self._file is None:
            self._chunks = [np.concatenate([np.empty(0, self._dtype), *self._chunks])]
            return self._chunks[0]
        if self._n_in_memory:
            self._spill()
        return np.memmap(self._file, self._dtype, "r", shape=(self._length,))
