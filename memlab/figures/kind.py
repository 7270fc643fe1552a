"""Kinds of figures: one file each in `kinds/`, found by name."""

import importlib
import pkgutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal, final

from memlab.errors import MemlabError, nearest
from memlab.figures import kinds
from memlab.figures.plot import FigureData
from memlab.figures.source import FigureOptions

Source = Literal["run", "runs", "sweep", "runs or sweep", "attention", "model"]


@final
@dataclass(frozen=True)
class Kind:
    """A kind of figure. Each file in `kinds/` defines one, named `KIND`."""

    name: str
    about: str
    """one line for help"""
    draws: Source
    """what `make` takes: a list of `RunSource` (of one or of several), a `SweepSnapshot`,
    `AttentionPatterns`, or the `ModelPictures` of a step"""
    make: Callable[[Any, FigureOptions], FigureData]


@cache
def all_kinds() -> dict[str, Kind]:
    names = sorted(module.name for module in pkgutil.iter_modules(kinds.__path__))
    found = [importlib.import_module(f"{kinds.__name__}.{name}").KIND for name in names]
    return {kind.name: kind for kind in found}


def kind_of(name: str) -> Kind:
    """The kind named `name`.

    Raises:
        MemlabError: there is none.
    """
    kinds = all_kinds()
    if name not in kinds:
        raise MemlabError(
            "there is no such kind of figure",
            found=name,
            allowed=", ".join(kinds),
            hint=nearest(name, kinds),
        )
    return kinds[name]


def nothing_to_draw(kind: str, why: str, runs: Sequence[str]) -> MemlabError:
    """The error of a kind whose source contains none of the data that it draws."""
    return MemlabError(f"there is nothing to draw: {why}", where=f"{kind} of {', '.join(runs)}")
