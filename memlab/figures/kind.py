"""The kinds of figures. Each is one file in `kinds/`."""

import importlib
import pkgutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal, final

from memlab.errors import MemlabError, nearest
from memlab.figures import kinds
from memlab.figures.plot import FigureData
from memlab.figures.source import FigureOptions, RunSource
from memlab.record.events import Spike

Source = Literal["run", "runs", "sweep", "runs or sweep", "attention", "model"]


@final
@dataclass(frozen=True)
class Kind:
    """A kind of figure. Each file in `kinds/` defines one, named `KIND`."""

    name: str
    about: str
    """one line for the help text"""
    draws: Source
    """type of the source that `make` takes: a list of one or several `RunSource`, a
    `SweepSnapshot`, `AttentionPatterns`, or the `ModelPictures` of a step"""
    make: Callable[[Any, FigureOptions], FigureData]


@cache
def all_kinds() -> dict[str, Kind]:
    """All kinds by name."""
    names = sorted(module.name for module in pkgutil.iter_modules(kinds.__path__))
    modules = [importlib.import_module(f"{kinds.__name__}.{name}") for name in names]
    return {module.KIND.name: module.KIND for module in modules}


def kind_of(name: str) -> Kind:
    """The kind with this name.

    Raises:
        MemlabError: there is no such kind.
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
    """The error for a source without the data that a kind of figure draws."""
    return MemlabError(f"there is nothing to draw: {why}", where=f"{kind} of {', '.join(runs)}")


def numbered_spike(run: RunSource, spikes: Sequence[Spike], number: int) -> Spike:
    """The spike with this number, counted from 1.

    Raises:
        MemlabError: there is no such spike.
    """
    if not 1 <= number <= len(spikes):
        raise MemlabError(
            "there is no such spike",
            where=run.id, found=str(number), allowed=f"1 to {len(spikes)}",
        )  # fmt: skip
    return spikes[number - 1]
