"""Saving of a preset below `./presets/`."""

import re
from pathlib import Path

from memlab.preset.dump import dump
from memlab.preset.load import HERE, folder_of, names
from memlab.preset.schema import Preset

_PART = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,99}(?<!\.yaml)(?<!\.yml)")
RULE = """\
letters, digits, _ and, except first, - and .; at most 100
.yaml is added; folders are separated by /"""


def problem_with(name: str) -> str | None:
    """Why a preset cannot be saved under a name, or None; names are unique across folders."""
    *_, last = parts = name.split("/")
    if not all(_PART.fullmatch(part) for part in parts):
        return RULE
    if existing := names().get(last):
        return f"{last} already exists in {folder_of(existing)}"
    return None


def save(preset: Preset, name: str) -> Path:
    """Write the preset under its new name to `presets/NAME.yaml`; returns the path."""
    path = HERE / f"{name}.yaml"
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("x", encoding="utf-8") as file:
        file.write(dump(preset.model_copy(update={"name": path.stem})))
    return path
