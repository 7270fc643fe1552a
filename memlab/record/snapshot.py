"""A run as of now or of an earlier step: the source of every chart, table and summary."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, final

import numpy as np
from numpy.typing import NDArray

from memlab.record.bins import Bins
from memlab.record.events import (
    Change,
    Checkpoint,
    Edited,
    Ended,
    Evaluated,
    Event,
    Finding,
    Gap,
    Phase,
    Samples,
    Spike,
    SpikeOnset,
)
from memlab.record.run_rows import RunRows
from memlab.record.timeline import Counts, E, Timeline


@final
@dataclass(frozen=True, eq=False)
class Evaluations(Mapping[str, NDArray[np.float64]]):
    """Columns over evaluations by name, `step` included: `evaluations["val_loss"]`."""

    _timeline: Timeline
    _count: int

    def __getitem__(self, name: str) -> NDArray[np.float64]:
        if name not in list(self):
            raise KeyError(f"{name!r}; available: {', '.join(self)}")
        return self._timeline.column(name, self._count)

    def __iter__(self) -> Iterator[str]:
        return iter(("step", *self._timeline.evaluated_names))

    def __len__(self) -> int:
        return 1 + len(self._timeline.evaluated_names)


@final
@dataclass(frozen=True, eq=False)
class Snapshot:
    """An immutable view; for a newer one of a live run, ask its `History`."""

    steps: RunRows
    """per-step columns by name"""
    _timeline: Timeline
    _counts: Counts

    def of(self, kind: type[E]) -> tuple[E, ...]:
        """The events of one class, oldest first."""
        return self._timeline.first(kind, self._counts)

    @property
    def events(self) -> tuple[Event, ...]:
        """All events, oldest first."""
        return self.of(Event)

    def view(self, column: str, first: int, last: int, width: int) -> Bins:
        """Extremes of a per-step column over at most `width` bins of steps; see `RunRows.view`."""
        return self.steps.view(column, first, last, width)

    @property
    def evaluations(self) -> Evaluations:
        """Columns over evaluations by name."""
        return Evaluations(self._timeline, self._counts.get(Evaluated, 0))

    @property
    def samples(self) -> tuple[Samples, ...]:
        """Sampled answers, one entry per evaluation that took samples."""
        return self.of(Samples)

    @property
    def spikes(self) -> tuple[Spike, ...]:
        """All spikes by onset; an open one comes last, labelled `open`."""
        opened = self.open_spike
        return self.closed_spikes + ((self._so_far(opened),) if opened else ())

    @property
    def closed_spikes(self) -> tuple[Spike, ...]:
        return self.of(Spike)

    @cached_property
    def open_spike(self) -> SpikeOnset | None:
        """The onset of the open spike, if any."""
        onsets, closed = self.of(SpikeOnset), {spike.onset for spike in self.closed_spikes}
        return onsets[-1] if onsets and onsets[-1].step not in closed else None

    def _so_far(self, onset: SpikeOnset) -> Spike:
        """An open spike with its peak so far."""
        steps, rows = self.steps.read(onset.step, self.last_step)
        losses = rows[:, self.steps.columns.index("loss")].astype(np.float64)
        losses[~np.isfinite(losses)] = onset.value
        at = int(losses.argmax()) if len(losses) else 0
        is_higher = len(losses) > 0 and losses[at] >= onset.value
        return Spike(
            step=self.last_step,
            wall=onset.wall,
            seq=onset.seq,
            onset=onset.step,
            base=onset.base,
            peak=float(losses[at]) if is_higher else onset.value,
            peak_step=int(steps[at]) if is_higher else (onset.noticed or onset.step),
            recovered_at=None,
            label="open",
        )

    @property
    def gaps(self) -> tuple[Gap, ...]:
        """Where the loss was not finite; of each gap, its latest event."""
        return tuple({gap.first: gap for gap in self.of(Gap)}.values())

    @property
    def phases(self) -> tuple[Phase, ...]:
        return self.of(Phase)

    @property
    def memorized_at(self) -> dict[str, Any] | None:
        """The two evaluations between which the training data was memorized."""
        return self._crossing("memorized")

    @property
    def grokked_at(self) -> dict[str, Any] | None:
        """The two evaluations between which the run generalized, after memorizing."""
        return self._crossing("grokked")

    def _crossing(self, name: str) -> dict[str, Any] | None:
        for phase in self.phases:
            if phase.name == name:
                return {
                    "from": phase.after,
                    "to": phase.step,
                    "threshold": phase.threshold,
                    "split": phase.split,
                }
        return None

    @property
    def findings(self) -> tuple[Finding, ...]:
        return self.of(Finding)

    @property
    def edits(self) -> tuple[Edited, ...]:
        """Settings edited while training."""
        return self.of(Edited)

    @property
    def changes(self) -> tuple[Change, ...]:
        return self.of(Change)

    @property
    def checkpoints(self) -> tuple[Checkpoint, ...]:
        """Committed checkpoints, including those removed since."""
        return self.of(Checkpoint)

    @cached_property
    def last_step(self) -> int:
        """The last recorded step."""
        last_event = self.events[-1].step if self.events else 0
        return max(self.steps.last_step, last_event)

    @property
    def ended(self) -> Ended | None:
        """How the run ended, if `ended` is its last event."""
        last = self.events[-1] if self.events else None
        return last if isinstance(last, Ended) else None
