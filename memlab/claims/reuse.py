"""Find a finished run that training a preset would only repeat."""

from pathlib import Path
from typing import Any

from memlab.errors import MemlabError
from memlab.preset.run_preset import preset_of
from memlab.preset.schema import Preset
from memlab.record.folder import RunFolder
from memlab.record.history import History
from memlab.record.runs import iter_runs
from memlab.record.status import Status


def finished_run(preset: Preset, runs: Path) -> RunFolder | None:
    """The newest run in `runs` that finished with the settings of `preset`; None if there is none."""
    return next((folder for folder in iter_runs(runs) if is_finished_run(folder, preset)), None)


def is_finished_run(folder: RunFolder, preset: Preset) -> bool:
    """Whether a run finished with the settings of `preset`, its seed included, without an edit.

    Description and claims may differ.
    """
    if folder.facts.preset != preset.name or folder.status() != Status.FINISHED:
        return False
    try:
        trained = preset_of(folder)
    except MemlabError:  # damaged, or trained with a task that is not installed
        return False
    return _settings(trained) == _settings(preset) and not History(folder).until().edits


def _settings(preset: Preset) -> dict[str, Any]:
    return preset.model_dump(mode="json", exclude={"about", "claims"})
