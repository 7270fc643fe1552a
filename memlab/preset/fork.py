"""Settings that a fork may change: it keeps the shapes, data and split of its parent."""

from collections.abc import Mapping, Sequence
from typing import Any

from memlab.errors import PresetError, RunError
from memlab.preset.override import overridden
from memlab.preset.run_preset import edited_preset
from memlab.preset.schema import Preset
from memlab.preset.strict_yaml import Document
from memlab.preset.validate import validated
from memlab.record.folder import RunFolder
from memlab.record.history import History
from memlab.record.snapshot import Snapshot

FREE_MODEL = "model.dropout"
"""the one setting of the model that keeps its shapes"""
SHARED_SEEDS = ("data", "split", "init")
"""seeds of what a fork shares with its parent"""


def preset_at(parent: RunFolder, recorded: Snapshot, at: int) -> Preset:
    """The settings of a run after all its edits up to step `at`.

    Raises:
        RunError: the run has no such step, or no preset.
    """
    if not 0 <= at <= recorded.last_step:
        raise RunError(
            f"the run has no step {at}",
            where=parent.path.name,
            allowed=f"0 to {recorded.last_step}",
        )
    return edited_preset(parent, (edit for edit in recorded.edits if edit.step <= at))


def preset_to_fork(parent: RunFolder, at: int) -> Preset:
    """As `preset_at`, after reading the run's history."""
    return preset_at(parent, History(parent).until(), at)


def forked_preset(before: Preset, overrides: Sequence[str], steps: int | None) -> Preset:
    """The settings of a fork.

    Raises:
        PresetError: an override is not valid, or it changes shapes, data or split.
    """
    document = Document(before.model_dump(mode="json"), {(): f"preset {before.name}"})
    for override in [*overrides, *([] if steps is None else [f"training.steps={steps}"])]:
        document = overridden(document, override)
    after = validated(document)
    check_fork(before, after)
    return after


def check_fork(before: Preset, after: Preset, places: Mapping[str, str] | None = None) -> None:
    """Refuse what a fork cannot change.

    Args:
        places: source positions of settings, by dotted key.

    Raises:
        PresetError: shapes, data, split, initial weights or the kind of optimizer differ.
    """
    places = places or {}
    for key in changed_settings(before, after):
        fixed = key == "optimizer.kind" or (key.startswith("model.") and key != FREE_MODEL)
        if fixed or key.startswith("task."):
            raise PresetError(
                f"a fork cannot change {key}",
                where=places.get(key, f"fork of {before.name}"),
                allowed="settings that keep the model's shapes, the data and the split",
                hint="start another run with it: `memlab run PRESET KEY=VALUE`",
            )
    for what in SHARED_SEEDS:
        if before.seeds.number(what) != after.seeds.number(what):
            raise PresetError(
                f"a fork cannot change the seed of {what}",
                where=places.get(f"training.seeds.{what}", f"fork of {before.name}"),
                hint="training.seeds.batches=N changes the batch order alone",
            )


def changed_settings(before: Preset, after: Preset) -> dict[str, Any]:
    """Dotted settings that differ, with their new values; claims and descriptions left out."""
    old, new = (_flat(preset.model_dump(mode="json")) for preset in (before, after))
    keys = [key for key in {**old, **new} if old.get(key) != new.get(key)]
    return {key: new.get(key) for key in keys if not key.startswith(("name", "about", "claims"))}


def _flat(values: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for key, value in values.items():
        nested = isinstance(value, dict) and not prefix.startswith("task.")
        flat |= _flat(value, f"{prefix}{key}.") if nested else {prefix + key: value}
    return flat
