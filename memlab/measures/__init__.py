"""What is measured. One file = one quantity, or a few of one idea.

A file declares its measures and computes them from arrays. It never imports torch when it is
loaded, so that declarations can be read anywhere. To add a measure, write a file: a module-level
`SplitMeasure` is recorded at every evaluation, a `ModelMeasure` is computed by `memlab measure`.
"""

import importlib
import pkgutil
from collections.abc import Iterator
from functools import cache

from memlab.measures.kinds import ModelMeasure, SplitMeasure
from memlab.record.measure import Measure


@cache
def split_measures() -> tuple[SplitMeasure, ...]:
    """What every evaluation records, by file and then in the order of the file."""
    return tuple(value for value in _members() if isinstance(value, SplitMeasure))


@cache
def model_measures() -> dict[str, ModelMeasure]:
    """What can be computed from a checkpoint, by name."""
    found = (value for value in _members() if isinstance(value, ModelMeasure))
    return {measure.declared.name: measure for measure in found}


@cache
def declared() -> tuple[Measure, ...]:
    """The declarations of all measures of this package."""
    of_evaluations = [measure.declared for measure in split_measures()]
    plain = [value for value in _members() if isinstance(value, Measure)]
    return (*of_evaluations, *plain, *(m.declared for m in model_measures().values()))


def _members() -> Iterator[object]:
    seen: set[int] = set()
    for module_info in pkgutil.iter_modules(__path__):
        module = importlib.import_module(f"{__name__}.{module_info.name}")
        for value in vars(module).values():
            if id(value) not in seen:
                seen.add(id(value))
                yield value
