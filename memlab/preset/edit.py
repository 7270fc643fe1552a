"""Edits of a preset during training: only settings marked `live`, validated together."""

from collections.abc import Mapping, Sequence
from typing import Any

from memlab.errors import PresetError
from memlab.preset.fields import Field, fields, live_keys
from memlab.preset.merge import merged
from memlab.preset.override import change, full_key, read
from memlab.preset.schema import Preset
from memlab.preset.strict_yaml import Document
from memlab.preset.validate import validated


def apply_edits(preset: Preset, changes: Mapping[str, Any]) -> Preset:
    """The preset with `changes`, full dotted keys to values, applied.

    Raises:
        PresetError: a key is unknown or may not be edited, or a value is not allowed.
    """
    settings = fields(preset.task.kind)
    document = Document(preset.model_dump(mode="json"), {(): f"preset {preset.name}"})
    for key, value in changes.items():
        where = f"edit of {key}"
        _must_be_live(key, settings, where)
        document = merged(document, change(key, value, where))
    return validated(document)


def read_edits(preset: Preset, texts: Sequence[str]) -> dict[str, Any]:
    """`KEY=VALUE` texts as changes that `apply_edits` accepts for this preset.

    Raises:
        PresetError: one is not `KEY=VALUE`, its key is unknown or may not be edited, or the preset
            that results is not valid.
    """
    settings = fields(preset.task.kind)
    changes = {}
    for text in texts:
        key, value = read(text, settings)
        _must_be_live(key, settings, f"override {text}")
        changes[key] = value
    apply_edits(preset, changes)
    return changes


def _must_be_live(key: str, settings: Mapping[str, Field], where: str) -> None:
    if full_key(key, settings, where) not in live_keys():
        raise PresetError(
            f"{key} cannot change after a run has started",
            where=where,
            allowed=", ".join(sorted(live_keys())),
            hint="start a new run with it: `memlab run PRESET KEY=VALUE`",
        )
