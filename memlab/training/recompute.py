"""Recomputes steps from a checkpoint, and compares them bit by bit with the recorded rows."""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import final

import numpy as np
from numpy.typing import NDArray

from memlab.errors import RunError
from memlab.preset.edit import apply_edits
from memlab.preset.schedule import total_steps
from memlab.record.commands import CheckpointNow, Command, Edit
from memlab.record.events import COLUMNS, Checkpoint, Edited, Event, Rows
from memlab.record.folder import RunFolder
from memlab.record.fork import fork_point
from memlab.record.history import History
from memlab.record.snapshot import Snapshot
from memlab.training.optimizers import apply_settings
from memlab.training.restore import AttemptStart, restore
from memlab.training.step import advance
from memlab.training.train import train

Progress = Callable[[int], None]
"""called with the step that the recomputation has reached"""


def ignore(step: int) -> None:
    """The default `Progress`: does nothing."""


@dataclass
class RowComparison:
    """Recomputed rows compared with the recorded ones."""

    folder: RunFolder
    recorded: Snapshot
    compared: int = 0
    """number of rows compared"""
    first_difference: int | None = None
    """first step whose rows differ"""

    def compare(self, rows: Rows) -> None:
        """Compare a block of rows; steps without a recorded row are skipped."""
        steps, recorded = self.recorded.steps.read(rows.first, rows.step)
        columns = [COLUMNS.index(name) for name in self.recorded.steps.columns]
        values = np.ascontiguousarray(rows.values[:, columns])[steps - rows.first]
        differs = (values.view(np.uint32) != recorded.view(np.uint32)).any(axis=1)
        self.compared += len(steps)
        if differs.any() and self.first_difference is None:
            self.first_difference = int(steps[differs][0])


def start_before(folder: RunFolder, step: int, device: str) -> AttemptStart:
    """The newest state of a run at or before `step` that can be restored.

    Raises:
        RunError: the step precedes the fork of this run, or the checkpoint of the fork is damaged.
    """
    fork = fork_point(folder)
    if fork is not None and step < fork.step:
        raise RunError(
            f"step {step} is before the fork",
            where=folder.path.name,
            found=f"forked from {fork.run} at step {fork.step}",
            hint=f"use the parent: {fork.run}",
        )
    start = restore(folder, device, until=step)
    if fork is not None and start.state.step < fork.step:
        raise RunError(
            "the checkpoint of the fork is missing or damaged",
            where=folder.path.name,
            hint=f"fork {fork.run} at step {fork.step} again",
        )
    return start


def later_edits(start: AttemptStart, recorded: Snapshot, last: int) -> list[Edited]:
    """The recorded edits after `start`, up to step `last`."""
    first_seq = start.seq + len(start.announce)
    return [edit for edit in recorded.edits if edit.seq >= first_seq and edit.step <= last]


def train_until(
    start: AttemptStart,
    last: int,
    edits: list[Edited],
    comparison: RowComparison,
    progress: Progress = ignore,
) -> list[Event]:
    """Train from `start` to step `last`, including evaluations; returns the events in between.

    Afterwards the state is that of a checkpoint at `last`.
    """
    state = start.state
    inbox: deque[Command] = deque(Edit(dict(e.changes), at=e.step) for e in edits)
    # An edit without changes ends the block of updates at `last`.
    inbox.append(Edit({}, at=last))
    events: list[Event] = list(start.announce)
    if state.step == last and state.checkpointed_at == last:
        return events
    for event in train(state, start.run_data, inbox):
        if isinstance(event, Rows):
            comparison.compare(event)
            progress(event.step)
        else:
            events.append(event)
        waiting = any(edit.changes and edit.at == last for edit in state.planned)
        if isinstance(event, Checkpoint | Edited) and event.step == last and not waiting:
            break
        if state.step == last and CheckpointNow() not in inbox:
            inbox.append(CheckpointNow())
    return events


@final
@dataclass
class Recomputation:
    """Recomputes the updates of a run without its evaluations, which affect neither weights nor rows."""

    start: AttemptStart
    comparison: RowComparison
    edits: list[Edited] = field(default_factory=list)

    @classmethod
    def before(cls, folder: RunFolder, step: int, last: int, device: str) -> "Recomputation":
        """Start from the newest checkpoint at or before `step`, with the edits up to `last`.

        Raises:
            RunError: as `start_before`.
        """
        recorded = History(folder).until()
        start = start_before(folder, step, device)
        comparison = RowComparison(folder, recorded)
        return cls(start, comparison, later_edits(start, recorded, last))

    @property
    def steps(self) -> int:
        """Number of updates of the whole run, for the learning rate schedule."""
        return total_steps(self.start.state.preset, self.start.run_data.batches.per_epoch)

    def apply_due_edits(self) -> None:
        """Apply the recorded edits that took effect at or before the current step."""
        state = self.start.state
        due = [edit for edit in self.edits if edit.step <= state.step]
        self.edits = [edit for edit in self.edits if edit not in due]
        for edit in due:
            state.preset = apply_edits(state.preset, edit.changes)
            apply_settings(state.optimizer, state.preset.optimizer)

    def advance(self, last: int) -> NDArray[np.float32]:
        """Compute a block of updates, at most up to step `last`; returns (row, column) values."""
        state = self.start.state
        self.apply_due_edits()
        stop = min([last, *(edit.step for edit in self.edits)])
        return advance(state, self.start.run_data, stop, self.steps)

    def go_to(self, step: int, progress: Progress = ignore) -> None:
        """Compute updates up to `step` and compare their rows with the recorded ones.

        Raises:
            RunError: a recomputed row differs from the recorded one.
        """
        state = self.start.state
        while state.step < step:
            values = self.advance(step)
            self.comparison.compare(Rows(step=state.step, values=values))
            progress(state.step)
            if self.comparison.first_difference is not None:
                raise RowsDifferError(self.comparison.folder, self.comparison.first_difference)


class RowsDifferError(RunError):
    """Recomputed rows differ from the recorded ones."""

    def __init__(self, folder: RunFolder, step: int) -> None:
        self.step = step
        super().__init__(
            "recomputed rows differ from the recorded ones",
            where=folder.path.name,
            found=f"the first difference is at step {step}",
            hint="recompute on the same machine, with the same threads and versions",
        )
