"""Writing a preset of one's own below `presets/` here."""

import os
import re
from pathlib import Path

from memlab.preset.dump import dump
from memlab.preset.schema import Preset

FOLDER = Path("presets")
_NAME = re.compile(r"(?!.*\.yaml$)([A-Za-z0-9_][A-Za-z0-9_.-]*/)*[A-Za-z0-9_][A-Za-z0-9_.-]{0,99}")


def problem_with(name: str) -> str | None:
    """Why a preset cannot be saved under a name, if so."""
    if not _NAME.fullmatch(name):
        return "letters, digits, - _ . and / between folders; .yaml is added"
    # It says no where it cannot look; writing then tells why.
    if os.path.exists(_path(name)):
        return f"{_path(name)} is there already"
    return None


def save(preset: Preset, name: str) -> Path:
    """Write the preset, under its new name, to `presets/NAME.yaml`; returns the path."""
    path = _path(name)
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("x", encoding="utf-8") as file:
        file.write(dump(preset.model_copy(update={"name": path.stem})))
    return path


def _path(name: str) -> Path:
    return FOLDER / f"{name}.yaml"
