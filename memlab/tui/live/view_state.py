"""What the panels draw: a run as it stood at a step, and how people look at it."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from memlab.record.events import Ended, Evaluated, Event, Paused, Resumed, Started
from memlab.record.folder import RunFolder
from memlab.record.snapshot import Snapshot
from memlab.record.status import Status
from memlab.record.summary import planned_steps
from memlab.tui.live.learned_map import LearnedMap
from memlab.tui.plots.smoothed_loss import Smoothed
from memlab.tui.plots.viewport import Viewport, XExtent

RECENT = 50
"""Events over which the present speed is measured."""


@dataclass(frozen=True, eq=False)
class ViewState:
    """Immutable but for `smoothed` and `learned`, which only grow."""

    folder: RunFolder
    view: Snapshot
    smoothed: Smoothed
    learned: LearnedMap
    viewport: Viewport
    status: str
    problem: str = ""
    """what went wrong, if something did"""

    @property
    def step(self) -> int:
        """Updates done."""
        return self.view.last_step

    @property
    def version(self) -> tuple[int, int]:
        """Differs when more is recorded."""
        return self.view.steps.last_step, len(self.view.events)

    @property
    def chance(self) -> float | None:
        """Loss of guessing, in nats."""
        chance = self.folder.description.get("check", {}).get("chance_loss")
        return float(chance) if chance and chance > 0 else None

    @property
    def reading(self) -> int:
        """The step whose values and samples are told."""
        reading = self.viewport.reading
        return self.step if reading is None else min(round(reading), self.step)

    @cached_property
    def row(self) -> dict[str, float]:
        """Every per-step value at the reading cursor, without one the last; empty if unknown."""
        rows = self.view.steps
        at = rows.last_step if self.viewport.reading is None else self.reading
        _, values = rows.read(at, at)
        return dict(zip(rows.columns, values[0].tolist(), strict=True)) if len(values) else {}

    @property
    def extent(self) -> XExtent:
        """All steps so far."""
        return XExtent.of_steps(self.step)


def steps_in_all(folder: RunFolder, view: Snapshot) -> int:
    """The updates that are planned, or those done where they are more; at least one."""
    return max(planned_steps(folder, view), view.last_step, 1)


def has_batches(folder: RunFolder) -> bool:
    """Whether each update sees a part of the data, so that the loss is noisy."""
    training = folder.description.get("preset", {}).get("training", {})
    return bool(training.get("batch_size") != "full")


def status_then(view: Snapshot) -> str:
    """What a run that lives, or lived then, was doing: running or paused."""
    turns = [event for kind in (Started, Paused, Resumed) for event in view.of(kind)[-1:]]
    last = max(turns, key=lambda event: event.seq, default=None)
    return Status.PAUSED if isinstance(last, Paused) else Status.RUNNING


def status_now(folder: RunFolder, view: Snapshot) -> str:
    """What a run is doing; as `folder.status()`, without reading all events again."""
    attempts = folder.attempts()
    if view.events and not attempts:
        return Status.DIED
    if attempts and attempts[-1].end is None and attempts[-1].alive():
        return Status.PAUSED if attempts[-1].waiting else status_then(view)
    return folder.status()


def problem_of(folder: RunFolder, damaged: int) -> str:
    """What a run waits for, the error that ended it, and what of its files cannot be read."""
    last = next(reversed(folder.attempts()), None)
    summary = ((last and last.end) or {}).get("summary")
    error = summary.get("error") if isinstance(summary, dict) else None
    waits = last and last.end is None and last.waiting and last.alive()
    parts = [
        not folder.path.exists() and "its folder is gone",
        waits and "waiting: no space left on the disk",
        folder.problem(),
        error and str(error),
        damaged and f"{damaged} damaged records",
    ]
    return "; ".join(str(part) for part in parts if part)


def is_alive(status: str) -> bool:
    """Whether somebody would hear a command."""
    return status in (Status.RUNNING, Status.PAUSED)


def steps_per_second(events: Sequence[Event]) -> float | None:
    """Updates a second over these events, pauses left out; None while it is not known."""
    steps, seconds = 0, 0.0
    before: Event | None = None
    for event in events:
        if isinstance(event, Evaluated | Paused | Ended):
            if before and event.step > before.step:
                steps, seconds = (
                    steps + event.step - before.step,
                    seconds + event.wall - before.wall,
                )
                before = event
            before = before or event
        elif isinstance(event, Started | Resumed):
            before = event
    return steps / seconds if seconds > 0 else None
