"""Find a finished run that training a preset would only repeat."""

from pathlib import Path
from typing import Any

from memlab.errors import MemlabError
from memlab.preset.run_preset import edited_preset
from memlab.preset.schema import Preset
from memlab.record.folder import RunFolder
from memlab.record.runs import list_runs
from memlab.record.status import Status

NOT_SETTINGS = frozenset({"about", "claims"})
"""parts of a preset that do not affect training"""


def finished_run(preset: Preset, runs: Path) -> RunFolder | None:
    """The newest finished run in `runs` with the settings of `preset`, its seed included.

    Only text and claims may differ. Runs that were edited while they trained do not count.
    """
    for folder in list_runs(runs):
        if folder.facts.preset == preset.name and folder.status() == Status.FINISHED:
            try:
                trained = edited_preset(folder)
            except MemlabError:  # damaged, or made with a task that is not installed
                continue
            if _settings(trained) == _settings(preset):
                return folder
    return None


def _settings(preset: Preset) -> dict[str, Any]:
    return preset.model_dump(mode="json", exclude=set(NOT_SETTINGS))
