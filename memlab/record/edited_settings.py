"""The settings of a run after its edits and extensions, from what it recorded."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from memlab.record import files
from memlab.record.events import Edited

RIVALS = {"training.steps": "training.epochs", "training.epochs": "training.steps"}
"""Pairs of settings of which exactly one has a value."""
_MARK = b'"edited"'
_CHUNK = 4 << 20


def edited(preset: Mapping[str, Any], edits: Iterable[Edited]) -> dict[str, Any]:
    """The nested settings of a stored preset with the changes of `edits`, in their order.

    Changes of settings that the preset does not have are ignored.
    """
    current = dict(preset)
    for edit in edits:
        for key, value in edit.changes.items():
            current = _replaced(current, key, value)
            if key in RIVALS and value is not None:
                current = _replaced(current, RIVALS[key], None)
    return current


def _replaced(settings: dict[str, Any], key: str, value: Any) -> dict[str, Any]:
    """Settings with a value at a dotted key; the groups that lead there are copies."""
    *groups, name = key.split(".")
    current = group = dict(settings)
    for part in groups:
        inner = group.get(part)
        if not isinstance(inner, dict):
            return settings
        group[part] = group = dict(inner)
    if name not in group:
        return settings
    group[name] = value
    return current


def has_edits(attempt: Path) -> bool:
    """Whether an attempt recorded an edit: without it, no event of it need be parsed."""
    at, path = 0, attempt / "events.jsonl"
    while data := files.read_from(path, at, _CHUNK):
        if _MARK in data or len(data) < _CHUNK:
            return _MARK in data
        at += len(data) - len(_MARK)
    return False
