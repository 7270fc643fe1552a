"""Selects one series of a log."""

import re

from memlab.errors import DataError, nearest
from memlab.formats.log import Log, LogSeries

LOSS_NAMES = (
    "loss", "train_loss", "training_loss", "loss_train", "train_loss_step", "train_batch_loss",
    "train_loss_epoch", "value",
)  # fmt: skip
"""plain names of a training loss, in order of preference"""


def plain_name(name: str) -> str:
    """The name in lower case, words separated by `_`: `Loss/train` becomes loss_train."""
    return re.sub(r"[^0-9a-z]+", "_", name.lower()).strip("_")


def labels(log: Log) -> dict[str, LogSeries]:
    """The series of all runs by label: their name, preceded by that of the run if there are several."""
    several = len(log.runs) > 1
    return {
        f"{run.name} - {name}" if several else name: series
        for run in log.runs
        for name, series in run.series.items()
    }


def choose_series(log: Log, column: str | None, where: str) -> tuple[str, LogSeries]:
    """Label and series of a column; without `column`, those of the loss or of the only series.

    Raises:
        DataError: no series matches, or more than one.
    """
    by_label = labels(log)
    if column is not None:
        matches = [label for label, series in by_label.items() if column in (label, series.name)]
    else:
        matches = _losses(by_label) or (list(by_label) if len(by_label) == 1 else [])
    if len(matches) == 1:
        return matches[0], by_label[matches[0]]
    what = "which column holds the loss?"
    if column is not None:
        what = f"there is no column {column!r}" if not matches else f"several runs have {column!r}"
    names = ", ".join(matches or by_label) or "none: the file holds no values"
    hint = nearest(column, by_label) if column is not None and not matches else None
    raise DataError(what, where=where, allowed=names, hint=hint or "name it with --column")


def _losses(by_label: dict[str, LogSeries]) -> list[str]:
    for name in LOSS_NAMES:
        matches = [label for label, series in by_label.items() if plain_name(series.name) == name]
        if matches:
            return matches
    return []
