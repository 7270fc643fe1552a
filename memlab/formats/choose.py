"""Which series of a log a person means."""

import re

from memlab.errors import DataError, nearest
from memlab.formats.log import Log, LogSeries

LOSS_NAMES = (
    "loss", "train_loss", "training_loss", "loss_train", "train_loss_step", "train_batch_loss",
    "train_loss_epoch", "value",
)  # fmt: skip
"""plain names that are taken for the loss when none is named, by preference"""


def plain_name(name: str) -> str:
    """A name in lower case, with `_` for everything that separates words: `Loss/train` is loss_train."""
    return re.sub(r"[^0-9a-z]+", "_", name.lower()).strip("_")


def labels(log: Log) -> dict[str, LogSeries]:
    """The series of all runs; with the run's name before theirs where there are several runs."""
    several = len(log.runs) > 1
    return {
        f"{run.name} - {name}" if several else name: series
        for run in log.runs
        for name, series in run.series.items()
    }


def choose_series(log: Log, column: str | None, where: str) -> tuple[str, LogSeries]:
    """The label and the series that is asked for; the loss, or the only one, if none is named.

    Raises:
        DataError: there is no such series, or more than one.
    """
    found = labels(log)
    if column is not None:
        fitting = [label for label, series in found.items() if column in (label, series.name)]
    else:
        fitting = _losses(found) or (list(found) if len(found) == 1 else [])
    if len(fitting) == 1:
        return fitting[0], found[fitting[0]]
    what = "which column holds the loss?"
    if column is not None:
        what = f"there is no column {column!r}" if not fitting else f"several runs have {column!r}"
    names = ", ".join(fitting or found) or "none: the file holds no values"
    hint = nearest(column, found) if column is not None and not fitting else None
    raise DataError(what, where=where, allowed=names, hint=hint or "name it with --column")


def _losses(found: dict[str, LogSeries]) -> list[str]:
    for name in LOSS_NAMES:
        fitting = [label for label, series in found.items() if plain_name(series.name) == name]
        if fitting:
            return fitting
    return []
