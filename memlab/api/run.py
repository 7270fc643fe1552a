"""A run for notebooks: three lines from its name to numpy arrays."""

from pathlib import Path
from typing import Any, final

from memlab.record.events import Event
from memlab.record.history import History
from memlab.record.run_rows import RunRows
from memlab.record.runs import find, runs_folder
from memlab.record.snapshot import Evaluations


@final
class Run:
    """What a run recorded, as it stood when it was opened."""

    def __init__(self, ref: str, runs: Path | None) -> None:
        self.history = History(find(runs_folder(runs), ref))
        self._now = self.history.until()

    @property
    def description(self) -> dict[str, Any]:
        """Preset, versions, hardware, seeds: all that was settled when it was made."""
        return self.history.folder.description

    @property
    def steps(self) -> RunRows:
        """Per-step columns by name: `run.steps["loss"]`."""
        return self._now.steps

    @property
    def evaluations(self) -> Evaluations:
        """Columns over evaluations by name: `run.evaluations["val_loss"]`."""
        return self._now.evaluations

    @property
    def events(self) -> tuple[Event, ...]:
        """All events, oldest first."""
        return self._now.events
