"""Measures. Each file has one measure, or a few related ones.

A file declares its measures and computes them from arrays. It does not import torch at module level, so
that declarations can be read without torch. To add a measure, add a file: a module-level `SplitMeasure`
is recorded at every evaluation, a `ModelMeasure` is computed by `memlab measure`. With
`evaluation.measures`, evaluations record additional measures of models or plugins.
"""

import importlib
import pkgutil
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import cache

from memlab.errors import PluginError, nearest
from memlab.measures.kinds import ModelMeasure, SplitMeasure
from memlab.plugins.load import Plugin, load_plugin, plugin_names
from memlab.record.measure import Measure


@cache
def split_measures() -> tuple[SplitMeasure, ...]:
    """The measures that every evaluation records, by file name and order in the file."""
    return tuple(value for value in _members() if isinstance(value, SplitMeasure))


@cache
def model_measures() -> dict[str, ModelMeasure]:
    """The measures that can be computed from a checkpoint, by name."""
    measures = (value for value in _members() if isinstance(value, ModelMeasure))
    return {measure.declared.name: measure for measure in measures}


@cache
def declared() -> tuple[Measure, ...]:
    """The declarations of all measures of this package."""
    of_evaluations = [measure.declared for measure in split_measures()]
    plain = [value for value in _members() if isinstance(value, Measure)]
    return (*of_evaluations, *plain, *(m.declared for m in model_measures().values()))


def measure_plugin(name: str) -> Plugin | None:
    """The imported plugin with this measure; None for measures of this package or unknown names.

    Raises:
        PluginError: the plugin cannot be imported.
    """
    return None if name in model_measures() else load_plugin("measures", name)


def measure_names() -> tuple[str, ...]:
    """Names allowed in `evaluation.measures`: model measures, and plugins, which are not imported."""
    return tuple(dict.fromkeys([*model_measures(), *plugin_names("measures")]))


def named_measures(names: Sequence[str]) -> list[SplitMeasure | ModelMeasure]:
    """Model measures and measures of plugins by name, without duplicates.

    Raises:
        PluginError: there is no such measure, or the plugin does not define it.
    """
    return [_named(name) for name in dict.fromkeys(names)]


def _named(name: str) -> SplitMeasure | ModelMeasure:
    if name in model_measures():
        return model_measures()[name]
    plugin = measure_plugin(name)
    if plugin is None:
        known = measure_names()
        raise PluginError(
            f"{name!r} is not a measure of a model",
            where="evaluation.measures",
            allowed=", ".join(known),
            hint=nearest(name, known),
        )
    for value in plugin.members:
        if isinstance(value, SplitMeasure | ModelMeasure) and value.declared.name == name:
            compute = plugin.guarded(value.compute)
            if isinstance(value, SplitMeasure):
                return replace(value, compute=compute)
            # The version discards values in `derived/` that other code has computed.
            return replace(value, compute=compute, version=int(plugin.sha256[:12], 16))
    raise PluginError(
        f"plugin {name} defines no measure of this name",
        where=str(plugin.files[0]) if plugin.files else plugin.origin,
        allowed="a SplitMeasure or a ModelMeasure",
        hint=f'NAME = ModelMeasure(Measure("{name}", "Meaning."), function)',
    )


def _members() -> Iterator[object]:
    """The distinct module-level objects of all files of this package."""
    seen: set[int] = set()
    for module_info in pkgutil.iter_modules(__path__):
        module = importlib.import_module(f"{__name__}.{module_info.name}")
        for value in vars(module).values():
            if id(value) not in seen:
                seen.add(id(value))
                yield value
