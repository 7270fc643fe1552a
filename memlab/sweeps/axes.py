"""The axes of a sweep file: variants, linked settings and the grid."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from memlab.errors import PresetError
from memlab.preset.fields import Field, fields
from memlab.preset.override import full_key
from memlab.preset.validate import task_kind
from memlab.sweeps.load import SweepSource
from memlab.sweeps.plan import VARIANT, SweepAxis


@dataclass(frozen=True)
class AxisValue:
    """One value of an axis."""

    label: Any
    overrides: Mapping[str, Any]
    """full dotted keys to values"""
    place: str
    """position in the sweep file, for error messages"""


def axes_of(source: SweepSource) -> list[tuple[SweepAxis, list[AxisValue]]]:
    """The axes of a sweep, each with its values.

    Variants come first: a variant can choose another task, which replaces all task settings.

    Raises:
        PresetError: a key is unknown, two axes set it, or an axis has a value twice.
    """
    settings = fields(task_kind(source.base.value))
    axes = [*_variants(source, settings), *_linked(source, settings), *_grid(source, settings)]
    owners: dict[str, str] = {}
    for axis, _ in axes:
        for key in axis.keys:
            if key in owners:
                raise PresetError(
                    f"two axes set {key}",
                    where=source.document.place(()),
                    found=f"{owners[key]} and {axis.key}",
                )
            owners[key] = axis.key
    return axes


_Axes = list[tuple[SweepAxis, list[AxisValue]]]


def _variants(source: SweepSource, settings: Mapping[str, Field]) -> _Axes:
    variants, place = source.file.variants, source.document.place
    if not variants:
        return []
    values = []
    for name, overrides in variants.items():
        kind = overrides.get("task.kind")
        known = fields(kind) if isinstance(kind, str) else settings
        resolved = {
            _key(key, known, place(("variants", name, key))): value
            for key, value in overrides.items()
        }
        values.append(AxisValue(name, resolved, place(("variants", name))))
    keys = dict.fromkeys(key for value in values for key in value.overrides)
    return [(SweepAxis(VARIANT, (VARIANT, *keys), tuple(variants)), values)]


def _linked(source: SweepSource, settings: Mapping[str, Field]) -> _Axes:
    entries, place = source.file.linked, source.document.place
    if not entries:
        return []
    values: list[AxisValue] = []
    for i, entry in enumerate(entries):
        at = place(("linked", i))
        resolved = {_key(k, settings, place(("linked", i, k))): v for k, v in entry.items()}
        if values and resolved.keys() != values[0].overrides.keys():
            raise PresetError(
                "linked entries have different settings",
                where=at,
                found=", ".join(resolved),
                allowed=", ".join(values[0].overrides),
            )
        values.append(AxisValue(next(iter(resolved.values())), resolved, at))
    keys = tuple(values[0].overrides)
    axis = SweepAxis(keys[0], keys, tuple(value.label for value in values))
    _check_distinct(axis, place(("linked",)))
    return [(axis, values)]


def _grid(source: SweepSource, settings: Mapping[str, Field]) -> _Axes:
    place = source.document.place
    axes = []
    for name, labels in source.file.grid.items():
        key = _key(name, settings, place(("grid", name)))
        axis = SweepAxis(key, (key,), tuple(labels))
        _check_distinct(axis, place(("grid", name)))
        values = [AxisValue(x, {key: x}, place(("grid", name, i))) for i, x in enumerate(labels)]
        axes.append((axis, values))
    return axes


def _key(name: str, settings: Mapping[str, Field], where: str) -> str:
    full = full_key(name, settings, where)
    if full.startswith("training.seed"):
        raise PresetError(
            "a seed is not an axis",
            where=where,
            found=full,
            hint="list the seeds under `seeds`, and the seeds that vary under `vary`",
        )
    if full in ("name", "about", "claims"):
        raise PresetError("this setting does not affect training", where=where, found=full)
    return full


def _check_distinct(axis: SweepAxis, where: str) -> None:
    values: Sequence[Any] = axis.values
    for i, value in enumerate(values):
        if value in values[:i]:
            raise PresetError(f"{axis.key} has a value twice", where=where, found=str(value))
