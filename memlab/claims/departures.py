"""Differences between the settings of a run and the preset that it names."""

from dataclasses import dataclass
from typing import Any

from memlab.errors import MemlabError
from memlab.preset.facts import facts
from memlab.preset.load import load
from memlab.preset.run_preset import edited_preset
from memlab.preset.schema import Preset
from memlab.record.folder import RunFolder
from memlab.record.summary import flat_settings


@dataclass(frozen=True)
class Departures:
    """Differences between the settings of a run, including its edits, and its preset."""

    settings: dict[str, tuple[Any, Any]]
    """dotted key: (value in the run, value in the preset)"""
    shortened: bool
    """the run is planned for fewer updates than the preset"""

    def to_json(self) -> dict[str, dict[str, Any]]:
        return {key: {"run": run, "preset": preset} for key, (run, preset) in self.settings.items()}


NONE = Departures({}, shortened=False)


def departures(folder: RunFolder) -> Departures:
    """Compare a run with the preset that it names; `NONE` if that preset is not available."""
    preset = edited_preset(folder)
    try:
        named = load(preset.name)
    except MemlabError:
        return NONE
    of_run, of_preset = (flat_settings(p.model_dump(mode="json")) for p in (preset, named))
    differing = {
        key: (of_run.get(key), of_preset.get(key))
        for key in of_preset | of_run
        if of_run.get(key) != of_preset.get(key) and key != "task.folder"
    }
    is_length = differing.keys() & {"training.steps", "training.epochs"}
    return Departures(differing, bool(is_length) and _updates(preset) < _updates(named))


def _updates(preset: Preset) -> int:
    return preset.training.steps or facts(preset).updates
