"""A run, the cursor in its history, and the viewport. Independent of widgets and clock."""

from collections.abc import Iterable
from typing import final

from memlab.measures.stored_values import StoredMeasures
from memlab.record.folder import RunFolder
from memlab.record.history import History
from memlab.record.snapshot import Snapshot
from memlab.record.status import Status
from memlab.tui.live.cursor import Cursor, neighbour
from memlab.tui.live.learned_map import LearnedMap
from memlab.tui.live.scrubber import Track, ticks
from memlab.tui.live.view_state import (
    ViewState,
    first_viewport,
    is_alive,
    problem_of,
    status_now,
    status_then,
    steps_per_second,
    total_steps,
)
from memlab.tui.plots.smoothed_loss import Smoothed

_REPLAY_SECONDS = 60
"""Duration in seconds of a replay at the default speed."""
VERIFIED_BYTES = 128 << 20
"""Bytes of rows verified on opening; of longer runs, only the rows that are drawn."""
_DEFAULT_RATE = 100.0
"""Steps per second of a run of unknown speed."""


@final
class Viewer:
    """The state of the screen, which shows `view_state()`; keys change `cursor` and `viewport`."""

    def __init__(self, folder: RunFolder, at: int | None, speed: float | None) -> None:
        self.folder, self.history = folder, History(folder)
        self.whole = self.history.until(None)
        """the current state of the run, regardless of the cursor"""
        self.status, self.problem = self._condition()
        steps = total_steps(folder, self.whole)
        self.viewport = first_viewport(folder, self.whole)
        self._smoothed, self._learned = Smoothed(self.viewport.weight), LearnedMap(folder)
        self._kept = StoredMeasures(folder)
        rate = None if folder.source is not None else steps_per_second(self.whole.events)
        rate = rate or _DEFAULT_RATE
        self.cursor = Cursor(None, rate, speed or steps / rate / _REPLAY_SECONDS)
        if at is not None or speed:
            self.cursor.hold(at or 0, self.last)
            self.cursor.playing = speed is not None

    @property
    def last(self) -> int:
        """The last recorded step."""
        return self.whole.last_step

    @property
    def here(self) -> int:
        """The step at the cursor."""
        return self.last if self.cursor.at is None else self.cursor.at

    @property
    def alive(self) -> bool:
        """Whether the run trains."""
        return is_alive(self.status)

    @property
    def following(self) -> bool:
        """Whether the cursor is at the end of a run that trains."""
        return self.cursor.at is None and self.alive

    def poll(self, seconds: float) -> bool:
        """Read new records, and advance the replay; true if something changed."""
        grown = self.history.refresh()
        if grown:
            self.whole = self.history.until(None)
        computed = self._kept.refresh()
        moved = self.cursor.advance(seconds, self.last)
        before = self.status, self.problem
        self.status, self.problem = self._condition()
        return grown or computed or moved or before != (self.status, self.problem)

    def _condition(self) -> tuple[str, str]:
        """Current status and problem of the run."""
        if self.history.row_bytes <= VERIFIED_BYTES:
            self.history.verify()
        problem = problem_of(self.folder, self.history.damage)
        return status_now(self.folder, self.whole), problem

    @property
    def view(self) -> Snapshot:
        """The run as of the cursor."""
        return self.whole if self.cursor.at is None else self.history.until(self.cursor.at)

    def view_state(self) -> ViewState:
        if self._smoothed.weight != self.viewport.weight:
            self._smoothed = Smoothed(self.viewport.weight)
        if self.viewport.weight:  # reads all rows
            self._smoothed.extend(self.whole.steps)
        view = self.view
        if self.cursor.at is None:
            status, problem = self.status, self.problem
        else:
            status, problem = status_then(view), self.history.damage
        return ViewState(
            self.folder,
            view,
            self._smoothed,
            self._learned,
            self._kept,
            self.viewport,
            status,
            problem,
        )

    def track(self) -> Track:
        """The time line: the whole run."""
        last = total_steps(self.folder, self.whole) if self.alive else max(self.last, 1)
        return Track(
            last=last,
            known=self.last,
            at=self.here,
            ticks=ticks(self.whole),
            lead=self._mode(),
            trail=f"{self.here:,} / {last:,}",
        )

    def _mode(self) -> str:
        if self.cursor.playing:
            return f"▶ replay ×{self.cursor.speed:.3g}"
        if self.cursor.at is not None:
            return "‖ replay"
        if self.status == Status.QUEUED:
            return "… queued"
        return "● live" if self.following else "■ end"

    def spikes(self) -> list[int]:
        """Peaks of all spikes of the run, ascending, including an open one."""
        return sorted(spike.peak_step for spike in self.whole.spikes)

    def hold(self, step: float) -> None:
        """Move to a step."""
        self.cursor.playing = False
        self.cursor.hold(step, self.last)

    def hold_at_next(self, stops: Iterable[int], by: int) -> None:
        """Move to the next (1) or previous (-1) of some steps; beyond the last, to the end."""
        step = neighbour(sorted(stops), self.here, by)
        if step is not None:
            self.hold(step)
        elif by > 0:
            self.cursor.follow()
