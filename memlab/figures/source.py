"""The sources of figures and reports: runs, sweeps, attention patterns, and options."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, final

import numpy as np
from numpy.typing import NDArray

from memlab.measures.stored_values import StepsAndValues, StoredMeasures
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
    """A run to draw, up to its last step or up to an earlier step."""

    def __init__(self, folder: RunFolder, until: int | None = None) -> None:
        self.folder = folder
        self.history = History(folder)
        self.now: Snapshot = self.history.until(until)

    @property
    def id(self) -> str:
        return self.folder.path.name

    @cached_property
    def name(self) -> str:
        """The name, or the id, safe to display."""
        return safe_text(self.folder.display_name, 60)

    @property
    def preset(self) -> str:
        """The name of its preset, safe to display."""
        return safe_text(str(self.folder.description.get("preset", {}).get("name", "")), 60)

    @cached_property
    def chance_loss(self) -> float | None:
        """Loss in nats of predicting token frequencies."""
        chance: float | None = self._check.get("chance_loss")
        return chance

    def verify(self) -> None:
        """Read all rows once, so that `now.steps.missing` is complete."""
        self.history.verify()

    @cached_property
    def examples(self) -> ExampleHistory | None:
        """The steps at which training examples were learned."""
        return newest_example_history(self.folder)

    @cached_property
    def kept(self) -> Mapping[str, StepsAndValues]:
        """Measures computed by `memlab measure`: recorded name to curve."""
        return StoredMeasures(self.folder).curves

    def measure(self, name: str) -> Measure:
        return self.folder.measures[name]

    @property
    def _check(self) -> dict[str, Any]:
        found: dict[str, Any] = self.folder.description.get("check", {})
        return found


@final
class SweepSnapshot:
    """A sweep to draw, with the current results of its members."""

    def __init__(self, sweep: Sweep) -> None:
        self.sweep = sweep
        self._progress = SweepProgress(sweep)
        self._results: dict[tuple[str, ...], Results] = {}

    @property
    def id(self) -> str:
        return self.sweep.id

    @cached_property
    def name(self) -> str:
        """The name, or the id, safe to display."""
        return safe_text(self.sweep.name or self.id, 60)

    def results(self, *events: str) -> Results:
        """The results of its members, with additional events such as "val_accuracy>=0.95"."""
        if events not in self._results:
            self._results[events] = Results(self._progress, events)
        return self._results[events]

    def results_with(self, event: str) -> Results:
        """The results, including one event."""
        known = self.results()
        return known if event in known.events else self.results(event)

    def runs(self, cell: CellResult) -> list[RunSource]:
        """The members of a cell that have trained."""
        folders = [self._progress.folder(outcome.state.member) for outcome in cell.outcomes]
        return [RunSource(folder) for folder in folders]


@final
@dataclass(frozen=True, eq=False)
class AttentionPatterns:
    """Attention weights of a model on one prompt."""

    run: str
    step: int
    """step of the checkpoint"""
    tokens: tuple[str, ...]
    weights: NDArray[np.float64]
    """(layer, head, query, key)"""


@final
@dataclass(frozen=True)
class FigureOptions:
    """Options of a figure. Each kind reads those that apply to it."""

    measure: str | None = None
    x: str | None = None
    """the setting along the x axis, for sweeps"""
    y: str | None = None
    """the setting along the y axis, for sweeps"""
    at: int | None = None
    """draw up to this step, or the model at this step"""
    spike: int | None = None
    """number of the spike, from 1"""
    columns: int = 1650
    """width of the figure in pixels"""
