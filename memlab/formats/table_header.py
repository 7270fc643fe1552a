"""The header of a table: its separator, its column names, and the step column."""

import csv
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

STEP_NAMES = (
    "step", "global_step", "_step", "steps", "trainer/global_step", "iteration", "iterations",
    "iter", "update", "epoch",
)  # fmt: skip
"""names of step columns in lower case, in order of preference"""
SEPARATORS = (",", ";", "\t", " ")

Number = re.compile(
    r"\s*[+-]?(\d+\.?\d*([eE][+-]?\d+)?|\.\d+([eE][+-]?\d+)?|nan|inf|infinity)\s*", re.I
)


@dataclass(frozen=True)
class TableOptions:
    """How to read a table."""

    renamed: tuple[tuple[str, str], ...] = ()
    """(column, name); the name `step` marks the step column, `-` omits a column"""
    only: str | None = None
    """the only column to read; the others are not parsed"""


@dataclass(frozen=True)
class TableHeader:
    """The columns of a table."""

    names: tuple[str, ...]
    separator: str
    step: int | None
    """index of the step column; None = the row number, from 1, is the step"""
    step_chosen: bool = False
    """whether the user named the step column"""
    kind: Literal["plain", "keras", "wandb"] = "plain"
    first_row_is_data: bool = False


def is_number(cell: str) -> bool:
    """Whether a cell is a number, NaN and infinity included."""
    return Number.fullmatch(cell) is not None


def split(line: str, separator: str) -> list[str]:
    """The cells of one line that holds no line break."""
    if separator == " ":
        return line.split()
    return next(csv.reader([line], delimiter=separator), [])


def separator_of(line: str, following: str) -> str:
    """The separator of a header; blanks separate cells only if the next line consists of numbers."""
    counts = {separator: len(split(line, separator)) for separator in SEPARATORS[:-1]}
    best = max(counts, key=lambda separator: counts[separator])
    if counts[best] > 1:
        return best
    cells, next_cells = line.split(), following.split()
    aligned = len(cells) > 1 and (not following or len(cells) == len(next_cells))
    return " " if aligned and all(map(is_number, next_cells)) and next_cells else ","


def read_header(line: str, following: str, renamed: Sequence[tuple[str, str]]) -> TableHeader:
    """The header in the first line of a table.

    Args:
        line: the first line.
        following: the next line that is not empty.
        renamed: (column, name) as given by the user.
    """
    comment = line.lstrip().startswith("#")
    line = line.lstrip().lstrip("#").strip() if comment else line
    separator = separator_of(line, following)
    cells = [cell.strip() for cell in split(line, separator)]
    if not comment and cells and all(map(is_number, cells)):
        names = [f"column {i}" for i in range(1, len(cells) + 1)]
        return TableHeader(tuple(names), separator, None, first_row_is_data=True)
    names = [cell or f"column {i}" for i, cell in enumerate(cells, 1)]
    given = dict(renamed)
    chosen = [i for i, name in enumerate(names) if given.get(name) == "step"]
    step_name = find_step_name(names)
    step = None if step_name is None else names.index(step_name)
    step = chosen[0] if chosen else step
    kind: Literal["plain", "keras", "wandb"] = "plain"
    if names[:1] == ["epoch"] and names[1:] == sorted(names[1:]) and step == 0:
        kind = "keras"
    elif _is_wandb(names, step):
        kind = "wandb"
    return TableHeader(tuple(names), separator, step, bool(chosen), kind)


def find_step_name(names: Iterable[str]) -> str | None:
    """The name that counts the steps by convention; None if there is none."""
    lowered = {name.lower(): name for name in names}
    return next((lowered[name] for name in STEP_NAMES if name in lowered), None)


def _is_wandb(names: Sequence[str], step: int | None) -> bool:
    """Whether this is a chart exported from W&B: `run - metric` and its extremes for each run."""
    others = [name for i, name in enumerate(names) if i != step]
    extremes = [name for name in others if name.endswith(("__MIN", "__MAX"))]
    return bool(extremes) and all(" - " in name for name in others)
