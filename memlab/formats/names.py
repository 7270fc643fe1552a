"""Maps the series of a log to columns and evaluations of a run, under memlab's names."""

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
"""number of values above which evaluations are stored as a per-step column, which costs less"""
DROP = "-"
"""the name that omits a series"""

Place = Literal["row", "evaluation", "left out"]


@dataclass(frozen=True)
class NamedSeries:
    """Name and place of a series in a run."""

    source: str
    name: str
    place: Place


def name_series(run: LogRun, renamed: Sequence[tuple[str, str]] = ()) -> list[NamedSeries]:
    """The place of each series of a run.

    Args:
        run: a run of a log.
        renamed: (series, name) as given by the user; `-` omits a series.

    Raises:
        DataError: there is no such series, or two would have the same name.
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
    series, taken = [], set()
    for source, name in names.items():
        if name in taken and source not in given:
            name = source
        if name in taken:
            raise DataError("two columns would have the same name", where="--map", found=name)
        taken |= {name} - {DROP}
        series.append(NamedSeries(source, name, _place(run, source, name, names)))
    return series


def _loss(run: LogRun, names: Mapping[str, str]) -> str | None:
    """The series to rename to `loss`; None if one has this name already, or none matches."""
    if "loss" in names.values():
        return None
    for wanted in LOSS_NAMES:
        for source in run.series:
            if plain_name(source) == wanted:
                return source
    return None


def _known_name(source: str) -> str:
    """memlab's name of a known quantity, or the name in the source."""
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
    """Whether a name denotes a quantity on a split other than the training data."""
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
        # Training data evaluated together with validation data, as nanoGPT does.
        evaluated = [run.series[other].steps for other in names if is_evaluation(names[other])]
        if evaluated and np.isin(series.steps, np.concatenate(evaluated)).all():
            return "evaluation"
    return "row"
