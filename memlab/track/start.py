"""Creates or resumes the run that a training loop records to."""

import platform
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from memlab.detectors.detector import Context
from memlab.detectors.observer import RunObserver
from memlab.errors import RunError, nearest
from memlab.record.folder import RunFolder
from memlab.record.history import History
from memlab.record.recording import OtherRun, begin_attempt
from memlab.record.runs import find, iter_runs, reference, runs_folder
from memlab.track.tracked_run import TrackedRun
from memlab.version import __version__

TRACKED = "tracked"
"""the member of `run.json` that marks tracked runs"""


@dataclass(frozen=True)
class Loop:
    """The arguments of `memlab.track`."""

    name: str
    config: dict[str, Any]
    steps: int | None
    editable: tuple[str, ...]
    resume: bool | str
    at: int | None


def start(loop: Loop, runs: Path | None) -> TrackedRun:
    """Create or resume a run; see `memlab.track`."""
    for setting in loop.editable:
        if setting not in loop.config:
            raise RunError(
                f"the editable setting {setting!r} is not in the config",
                allowed=", ".join(loop.config) or None,
                hint=nearest(setting, loop.config),
            )
    runs = runs_folder(runs)
    folder = _resumed(runs, loop.name, loop.resume)
    restored = None
    if folder is None:
        more = {
            TRACKED: {"program": sys.argv[0]},
            "editable": list(loop.editable),
            "versions": {"memlab": __version__, "python": platform.python_version()},
        }
        description = OtherRun(loop.config, loop.steps, more=more)
        folder = RunFolder.create(runs, description.to_json(), None, loop.name)
        done = -1  # the first step may be 0
    elif loop.at is None and folder.checkpoints.steps():
        restored = folder.checkpoints.load(need="any")
        done = restored.step
    else:
        done = History(folder).until().last_step if loop.at is None else loop.at
    context = Context(steps=loop.steps)
    writer, observer = begin_attempt(folder, done + 1, lambda: RunObserver(context))
    editable = {name: loop.config[name] for name in loop.editable}
    return TrackedRun(folder, writer, observer, editable, restored)


def _resumed(runs: Path, name: str, resume: bool | str) -> RunFolder | None:
    if isinstance(resume, str):
        folder = find(runs, resume)
        if TRACKED not in folder.description:
            raise RunError(
                "this run was not created by `memlab.track`",
                where=folder.path.name,
                hint=f"`memlab resume {reference(folder)}` resumes runs of presets",
            )
        return folder
    tracked = (run for run in iter_runs(runs) if TRACKED in run.description) if resume else ()
    return next((run for run in tracked if run.labels().name == name), None)
