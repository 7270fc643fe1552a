"""What figures and reports are made from: runs as they stand, and what was asked for."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, final

import numpy as np
from numpy.typing import NDArray

from memlab.measures.kept import KeptMeasures, StepsAndValues
from memlab.record.example_history import ExampleHistory, newest_example_history
from memlab.record.folder import RunFolder
from memlab.record.history import History
from memlab.record.measure import Measure
from memlab.record.safe_text import safe_text
from memlab.record.snapshot import Snapshot
from memlab.sweeps.progress import SweepProgress
from memlab.sweeps.sweep import Sweep
from memlab.sweeps.tables import CellResult, Results


@final
class RunSource:
    """A run to be drawn, as it stands now or stood at an earlier step."""

    def __init__(self, folder: RunFolder, until: int | None = None) -> None:
        self.folder = folder
        self.history = History(folder)
        self.now: Snapshot = self.history.until(until)

    @property
    def id(self) -> str:
        return self.folder.path.name

    @cached_property
    def name(self) -> str:
        """Display name, escaped for display."""
        return safe_text(self.folder.labels().name or self.id, 60)

    @property
    def preset(self) -> str:
        """Name of its preset."""
        return safe_text(str(self.folder.description.get("preset", {}).get("name", "")), 60)

    @cached_property
    def chance_loss(self) -> float | None:
        """Loss of guessing by frequency, nats."""
        chance: float | None = self._check.get("chance_loss")
        return chance

    def verify(self) -> None:
        """Read all rows once, so that `now.steps.missing` is complete."""
        self.history.verify()

    @cached_property
    def examples(self) -> ExampleHistory | None:
        """When each training example was learned."""
        return newest_example_history(self.folder)

    @cached_property
    def kept(self) -> Mapping[str, StepsAndValues]:
        """Measures that were computed afterwards: recorded name to curve."""
        return KeptMeasures(self.folder).curves

    def measure(self, name: str) -> Measure:
        return self.folder.measures[name]

    @property
    def _check(self) -> dict[str, Any]:
        found: dict[str, Any] = self.folder.description.get("check", {})
        return found


@final
class SweepSnapshot:
    """A sweep to be drawn, as it stands now."""

    def __init__(self, sweep: Sweep) -> None:
        self.sweep = sweep
        self._progress = SweepProgress(sweep)
        self._results: dict[tuple[str, ...], Results] = {}

    @property
    def id(self) -> str:
        return self.sweep.id

    @cached_property
    def name(self) -> str:
        """Display name, escaped for display."""
        return safe_text(self.sweep.name or self.id, 60)

    def results(self, *events: str) -> Results:
        """What its members came to, with further events such as "val_accuracy>=0.95"."""
        if events not in self._results:
            self._results[events] = Results(self._progress, events)
        return self._results[events]

    def runs(self, cell: CellResult) -> list[RunSource]:
        """The members of a cell that recorded something."""
        folders = [self._progress.folder(one.state.member) for one in cell.outcomes]
        return [RunSource(folder) for folder in folders]


@final
@dataclass(frozen=True, eq=False)
class AttentionPatterns:
    """Attention of a model on one prompt, computed by training code."""

    run: str
    step: int
    """of the checkpoint"""
    tokens: tuple[str, ...]
    weights: NDArray[np.float64]
    """(layer, head, query, key)"""


@final
@dataclass(frozen=True)
class FigureOptions:
    """What a figure is to show; each kind reads what concerns it."""

    measure: str | None = None
    x: str | None = None
    """the setting along the x axis, for sweeps"""
    y: str | None = None
    at: int | None = None
    """the step up to which, or at which, it is drawn"""
    spike: int | None = None
    """which spike, counted from 1"""
    columns: int = 1650
    """pixels that the picture is wide"""
