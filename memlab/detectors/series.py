"""Spikes in a series from anywhere: a CSV column, an `.npy` file, any iterable of losses."""

import csv
import itertools
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TextIO

import numpy as np
from numpy.typing import ArrayLike, NDArray

from memlab.detectors.detector import Context
from memlab.detectors.evidence import BASE, MEMORY, READY, SpikeRule
from memlab.detectors.spikes import SpikeDetector
from memlab.errors import DataError
from memlab.record.events import COLUMNS, Rows, Spike, SpikeOnset

CHUNK = 65536
"""values that are in memory at a time"""
LOSS_NAMES = ("loss", "train_loss")
"""columns that are taken when none is named"""

OF_A_GRADIENT = ("grad_norm_ratio", "grad_norm_peak_step")
"""details of a spike that a series of losses alone cannot tell"""

HOW = (
    f"log10(loss) against the median of the {BASE} steps before, in units of the noise of the "
    f"last {MEMORY} steps, from step {READY} on. A spike rises by a factor of two and more, and by "
    f"{SpikeRule().eight} to {SpikeRule().four} units over 8 or 4 steps, {SpikeRule().two} over 2, or "
    f"{SpikeRule().one} at once."
)
"""how a series is judged, for people"""


@dataclass(frozen=True)
class Found:
    """The spikes of a series, step 1 being its first value."""

    spikes: list[Spike]
    open: SpikeOnset | None
    """a spike that had not closed when the series ended"""
    steps: int


def find_spikes(losses: Iterable[ArrayLike], context: Context | None = None) -> Found:
    """The spikes of losses that come in chunks of any size, as a live run would have found them."""
    detector = SpikeDetector(context or Context())
    spikes: list[Spike] = []
    onset: SpikeOnset | None = None
    step = 0
    for column in _pieces(losses):
        rows = np.ones((len(column), len(COLUMNS)), np.float32)
        rows[:, COLUMNS.index("loss")] = column
        step += len(column)
        for event in detector.see(Rows(step=step, values=rows)):
            if isinstance(event, Spike):
                details = {k: v for k, v in event.details.items() if k not in OF_A_GRADIENT}
                spikes.append(replace(event, details=details))
                onset = None
            elif isinstance(event, SpikeOnset):
                onset = event
    return Found(spikes, onset, step)


def _pieces(losses: Iterable[ArrayLike]) -> Iterator[NDArray[np.float32]]:
    """The same losses in pieces of a bounded size."""
    for chunk in losses:
        values = np.atleast_1d(np.asarray(chunk, dtype=np.float32))
        for start in range(0, len(values), CHUNK):
            yield values[start : start + CHUNK]


def read_series(path: Path, column: str | None = None) -> Iterator[NDArray[np.float32]]:
    """The values of a file, in chunks: memory stays bounded however long it is.

    Args:
        path: a `.npy` file with one axis, or a CSV file with a header.
        column: which column of a CSV; None = `loss` or `train_loss`, or the only one.

    Raises:
        DataError: the file is not readable as that, or has no such column.
    """
    if not path.is_file():
        raise DataError("there is no such file", where=str(path))
    if path.suffix == ".npy":
        return _read_npy(path)
    return _read_csv(path, column)


def _read_npy(path: Path) -> Iterator[NDArray[np.float32]]:
    try:
        # np.load would also open archives, whatever the name says.
        values = np.lib.format.open_memmap(path, mode="r")
    except ValueError as error:
        raise DataError("this is no array of numbers", where=str(path), found=str(error)) from None
    if values.ndim != 1 or values.dtype.kind not in "fiu":
        raise DataError(
            "a loss curve is one row of numbers",
            where=str(path),
            found=f"shape {values.shape}, type {values.dtype}",
        )
    for start in range(0, len(values), CHUNK):
        yield np.asarray(values[start : start + CHUNK], dtype=np.float32)


def _read_csv(path: Path, column: str | None) -> Iterator[NDArray[np.float32]]:
    with path.open(newline="", encoding="utf-8-sig") as file:
        rows = _rows(file, path)
        header = [name.strip() for name in next(rows, [])]
        index = _choose(header, column, path)
        line = 2
        while chunk := list(itertools.islice(rows, CHUNK)):
            yield _numbers([row[index] for row in chunk if len(row) > index], path, line)
            line += CHUNK


def _rows(file: TextIO, path: Path) -> Iterator[list[str]]:
    try:
        yield from csv.reader(file)
    except (UnicodeDecodeError, csv.Error) as error:
        raise DataError("this is no CSV in UTF-8", where=str(path), found=str(error)) from None


def _choose(header: list[str], column: str | None, path: Path) -> int:
    """Index of the column that is asked for."""
    names = (column,) if column is not None else LOSS_NAMES
    for name in names:
        if name in header:
            return header.index(name)
    if column is None and len(header) == 1:
        return 0
    raise DataError(
        f"there is no column {column!r}" if column else "which column holds the loss?",
        where=str(path),
        allowed=", ".join(header) or "none: the file is empty",
        hint="name it with --column",
    )


def _numbers(cells: list[str], path: Path, line: int) -> NDArray[np.float32]:
    """The cells as numbers; an empty one, where a value was not logged, is left out."""
    filled = [cell for cell in cells if cell.strip()]
    try:
        with np.errstate(over="ignore"):
            return np.array(filled, dtype=np.float64).astype(np.float32)
    except ValueError as error:
        raise DataError(
            "the column holds something that is no number",
            where=f"{path}, lines from {line} on",
            found=str(error),
        ) from None
