"""What the series of a log are called in a run: memlab's names, train and validation apart."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from memlab.errors import DataError, nearest
from memlab.formats.choose import LOSS_NAMES, plain_name
from memlab.formats.log import LogRun

SPLITS = {
    "val": "val", "valid": "val", "validation": "val", "eval": "val", "dev": "val", "test": "test",
}  # fmt: skip
PER_STEP = {
    "grad_norm": ("grad_norm", "gnorm", "gradient_norm", "train_grad_norm", "train_gnorm"),
    "lr": ("lr", "learning_rate", "train_lr", "train_learning_rate", "lr_adam", "lr_adamw", "lr_sgd"),
}  # fmt: skip
MAX_EVALUATIONS = 100_000
"""values of a series of evaluations above which it is kept as a column of rows, which costs less"""
DROP = "-"
"""the name that leaves a series out"""

Place = Literal["row", "evaluation", "left out"]


@dataclass(frozen=True)
class NamedSeries:
    """Where a series of a log goes."""

    source: str
    name: str
    place: Place


def name_series(run: LogRun, renamed: Sequence[tuple[str, str]] = ()) -> list[NamedSeries]:
    """The place of each series of a run.

    Args:
        run: a run of a log.
        renamed: (series, name) as a person wants them; `-` leaves a series out.

    Raises:
        DataError: there is no such series, or two would have one name.
    """
    given = {source: name for source, name in renamed if name != "step"}
    for source in given:
        if source not in run.series:
            known = ", ".join(run.series)
            raise DataError(
                "there is no such column", where="--map", found=source, allowed=known,
                hint=nearest(source, run.series),
            )  # fmt: skip
    names = {source: given.get(source) or _known_name(source) for source in run.series}
    loss = _loss(run, names)
    if loss is not None and loss not in given:
        names[loss] = "loss"
    found, taken = [], set()
    for source, name in names.items():
        if name in taken and source not in given:
            name = source
        if name in taken:
            raise DataError("two columns would have one name", where="--map", found=name)
        taken |= {name} - {DROP}
        found.append(NamedSeries(source, name, _place(run, source, name, names)))
    return found


def _loss(run: LogRun, names: Mapping[str, str]) -> str | None:
    """The series that is the training loss, unless one is called so already."""
    if "loss" in names.values():
        return None
    for wanted in LOSS_NAMES:
        for source in run.series:
            if plain_name(source) == wanted:
                return source
    return None


def _known_name(source: str) -> str:
    """memlab's name for a quantity that it knows, or the source's own name."""
    plain = plain_name(source)
    for name, aliases in PER_STEP.items():
        if plain in aliases:
            return name
    found = re.fullmatch(rf"({'|'.join(SPLITS)})_(\w+)", plain)
    split, quantity = (found[1], found[2]) if found else ("", "")
    if not found:
        found = re.fullmatch(rf"(loss|acc|accuracy)_({'|'.join(SPLITS)})", plain)
        split, quantity = (found[2], found[1]) if found else ("", "")
    if quantity in ("loss", "acc", "accuracy", "token_accuracy", "perplexity"):
        return f"{SPLITS[split]}_{'accuracy' if quantity == 'acc' else quantity}"
    return source


def is_evaluation(name: str) -> bool:
    """Whether a name is that of a quantity on a split other than the training data."""
    return plain_name(name).split("_")[0] in SPLITS or plain_name(name).split("_")[-1] in SPLITS


def _place(run: LogRun, source: str, name: str, names: Mapping[str, str]) -> Place:
    if name == DROP:
        return "left out"
    series = run.series[source]
    if len(series.steps) > MAX_EVALUATIONS:
        return "row"
    if is_evaluation(name):
        return "evaluation"
    if name.startswith("train_") and name != "train_loss_step":
        # Training data that was judged as validation data was, as nanoGPT does at each evaluation.
        judged = [run.series[other].steps for other in names if is_evaluation(names[other])]
        if judged and np.isin(series.steps, np.concatenate(judged)).all():
            return "evaluation"
    return "row"
