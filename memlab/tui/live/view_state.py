"""The input of all panels: a run as of a step, and the viewport."""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING

from memlab.measures.stored_values import StoredMeasures
from memlab.record.events import Ended, Evaluated, Event, Paused, Resumed, Started
from memlab.record.folder import RunFolder
from memlab.record.snapshot import Snapshot
from memlab.record.status import Status
from memlab.record.summary import planned_steps
from memlab.tui.live.learned_map import LearnedMap
from memlab.tui.plots.smoothed_loss import Smoothed
from memlab.tui.plots.viewport import Viewport, XExtent, first_weight

if TYPE_CHECKING:
    from memlab.tui.baseline import BaselineRun

RECENT = 50
"""Number of events over which the current speed is measured."""


@dataclass(frozen=True, eq=False)
class ViewState:
    """Immutable except for `smoothed`, `learned` and `kept`, which only grow."""

    folder: RunFolder
    run: Snapshot
    """as of the cursor"""
    smoothed: Smoothed
    """empty if the viewport does not smooth"""
    learned: LearnedMap
    kept: StoredMeasures
    viewport: Viewport
    status: str
    problem: str = ""
    """problem of the run; empty if there is none"""
    baseline: "BaselineRun | None" = None
    """the pinned run, unless it is this one"""

    @property
    def step(self) -> int:
        """Number of updates made."""
        return self.run.last_step

    @cached_property
    def version(self) -> Hashable:
        """Changes when more is recorded, or computed afterwards."""
        return self.attempt, self.run.steps.last_step, len(self.run.events), self.kept.version

    @property
    def attempt(self) -> int:
        """Number of the last attempt, which may have replaced records by as many others."""
        started = self.run.of(Started)
        return started[-1].attempt if started else 0

    @property
    def chance(self) -> float | None:
        """Chance loss in nats."""
        return self.folder.facts.chance_loss

    @property
    def reading(self) -> int:
        """The step whose values and samples are shown."""
        reading = self.viewport.reading
        return self.step if reading is None else min(round(reading), self.step)

    @cached_property
    def row(self) -> dict[str, float]:
        """Per-step values at the reading cursor, or the last ones; empty if unknown."""
        rows = self.run.steps
        at = rows.last_step if self.viewport.reading is None else self.reading
        return _row(self.run, at)

    @property
    def extent(self) -> XExtent:
        """All steps so far."""
        return XExtent.of_steps(self.step)


@lru_cache(maxsize=2)  # zooming and panning do not move the reading cursor
def _row(run: Snapshot, step: int) -> dict[str, float]:
    _, values = run.steps.read(step, step)
    return dict(zip(run.steps.columns, values[0].tolist(), strict=True)) if len(values) else {}


def first_viewport(folder: RunFolder, run: Snapshot, *, x_log: bool = False) -> Viewport:
    """The whole run, smoothed if its loss is noisy."""
    rows = total_steps(folder, run)
    if folder.columns is None and run.last_step:  # steps of rows may be far apart
        rows = rows * run.steps.n_sealed // run.last_step
    weight = first_weight(rows, folder.facts.has_batches)
    return Viewport(x_log=x_log, weight=weight)


def view_at_end(folder: RunFolder, run: Snapshot, viewport: Viewport) -> ViewState:
    """The current state of a run, for a single picture."""
    smoothed = Smoothed(viewport.weight)
    if viewport.weight:
        smoothed.extend(run.steps)
    return ViewState(
        folder, run, smoothed, LearnedMap(folder), StoredMeasures(folder), viewport, folder.status()
    )


def total_steps(folder: RunFolder, run: Snapshot) -> int:
    """Number of planned updates, or of recorded ones if these are more; at least 1."""
    return max(planned_steps(folder, run), run.last_step, 1)


def status_then(run: Snapshot) -> str:
    """Status of a run at an earlier step: running or paused."""
    switches = [event for kind in (Started, Paused, Resumed) for event in run.of(kind)[-1:]]
    last = max(switches, key=lambda event: event.seq, default=None)
    return Status.PAUSED if isinstance(last, Paused) else Status.RUNNING


def status_now(folder: RunFolder, run: Snapshot) -> str:
    """Current status; equals `folder.status()` without reading all events again."""
    attempts = folder.attempts()
    if run.events and not attempts:
        return Status.DIED
    if attempts and attempts[-1].end is None and attempts[-1].alive():
        return Status.PAUSED if attempts[-1].waiting else status_then(run)
    return folder.status()


def problem_of(folder: RunFolder, damage: str) -> str:
    """Text about what a run waits for, the error that ended it, and damage of its record."""
    last = next(reversed(folder.attempts()), None)
    summary = ((last and last.end) or {}).get("summary")
    error = summary.get("error") if isinstance(summary, dict) else None
    waits = last and last.end is None and last.waiting and last.alive()
    parts = [
        not folder.path.exists() and "its folder was deleted",
        waits and "waiting: no space left on the disk",
        folder.problem(),
        error and str(error),
        damage,
    ]
    return "; ".join(str(part) for part in parts if part)


def is_alive(status: str) -> bool:
    """Whether a process trains the run, so that it receives commands."""
    return status in (Status.RUNNING, Status.PAUSED)


def steps_per_second(events: Sequence[Event]) -> float | None:
    """Updates per second over these events without pauses; None while unknown."""
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
