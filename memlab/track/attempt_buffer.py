"""Writes rows and events of an attempt without raising disk errors.

A row is written with one system call, so it is on disk when `add_row` returns. Once per second, or
after `SEAL_ROWS` rows, pending rows are sealed; once per second, or after `OBSERVE_ROWS` rows, sealed
rows are passed to the detectors. After a disk error the rows and events are kept in memory, within
limits, and written later.
"""

import os
import sys
import time
import warnings
from collections import deque
from collections.abc import Iterable, Mapping
from itertools import groupby
from typing import Any, final

import numpy as np

from memlab.errors import MemlabError
from memlab.record.attempt_writer import AttemptWriter
from memlab.record.events import Checkpoint, Ended, Event
from memlab.record.folder import RunFolder
from memlab.record.recording import Observer
from memlab.record.row_format import Steps, Values
from memlab.record.row_tail import SLOTS
from memlab.record.summary import end_summary

SEAL_ROWS = SLOTS - 24
SEAL_SECONDS = 1.0
OBSERVE_ROWS = 8 * SEAL_ROWS
FEW_ROWS = 64
"""with fewer pending rows the detectors are called less often: a call for one row costs as much as
one for hundreds"""
LONG_SECONDS = 10.0
"""maximum time between two calls of the detectors"""
BUFFER_ROWS = 1 << 16
"""maximum number of rows in memory after disk errors; then the oldest are dropped"""
BUFFER_EVENTS = 1000
"""the same for events"""
KEEP_CHECKPOINTS = 2


@final
class AttemptBuffer:
    """Rows and events of one attempt. Not thread-safe."""

    def __init__(self, folder: RunFolder, writer: AttemptWriter, observer: Observer) -> None:
        self._folder, self._writer, self._observer = folder, writer, observer
        self._table = writer.table
        self.last_step: int = writer.first_step - 1
        """step of the last row; before the first row, below all steps"""
        self._since_seal = 0
        """number of rows since the last seal"""
        self._collected = self.last_step
        """last step in `_unobserved` or passed to the detectors"""
        self._unobserved: list[tuple[Steps, dict[str, Values]]] = []
        """rows for the detectors, and their columns"""
        self._last_seal = time.monotonic()
        self._due = self._last_seal + SEAL_SECONDS
        self._events: deque[Event] = deque()
        """events that have not been written"""
        self._failed = False
        """whether the last write of rows failed"""
        self._lost = {"rows": 0, "events": 0, "checkpoints": 0}
        self._lost |= {"values": 0, "values out of order": 0}
        self._warned: set[str] = set()

    @property
    def step(self) -> int:
        """Number of updates done."""
        return max(self.last_step, 0)

    def add_row(self, step: int | None, row: Mapping[str, Any]) -> None:
        """Add a row, or values to the last row while it is not sealed.

        Args:
            step: step of the row; None = the next one.

        Raises:
            TypeError: a value is not a number.
        """
        last = self.last_step
        if step is None:
            step = max(last, 0) + 1
        elif step <= last and not (step == last and self._table.last_row_waits):
            self._lost["values out of order"] += 1
            self.warn("order", f"values of step {step} came after step {last} was recorded")
            return
        if step > last:
            if time.monotonic() >= self._due:
                self._seal_if_enough()
                self._observe()
            elif self._since_seal >= SEAL_ROWS:
                self._seal()
        try:
            self._table.append_row(step, row)
        except OSError as error:
            self._handle_disk_error(error)
            self._lost["rows"] += self._table.last_step != step
            self._lost["values"] += len(row.keys() - set(self._table.columns))
        self.last_step = step
        self._since_seal += 1

    def add_event(self, event: Event) -> None:
        """Add an event, after those detected in the rows before it, with those detected in it."""
        self._seal_if_enough()
        self._observe()
        self._add_events([event, *self._observer.event(event)])

    def commit(self, step: int, contents: Mapping[str, bytes]) -> bool:
        """Store files as a checkpoint; return whether it and all rows before it are durable."""
        self._seal()  # afterwards a commit has no rows to seal, which the detectors would miss
        try:
            self._writer.commit(step, contents)
            steps = self._folder.checkpoints.steps()
            self._folder.checkpoints.prune({*steps[-KEEP_CHECKPOINTS:], step})
        except (OSError, MemlabError) as error:
            self._lost["checkpoints"] += 1
            self._handle_disk_error(error)
            return False
        self.add_event(Checkpoint(step=step))
        return True

    def end(self, reason: str, error: str | None) -> None:
        """Write everything and close the attempt; warn about records that are lost."""
        self._seal()
        self._observe()
        try:
            summary = end_summary(self._folder) | ({} if error is None else {"error": error})
            self._add_events([Ended(step=self.step, reason=reason, summary=summary)])
            self._writer.end(reason, self.step, summary)
        except OSError as failure:
            self._handle_disk_error(failure)
            self._lost["rows"] += self._table.n_waiting
            self._lost["events"] += len(self._events)
            self._writer.close()
        if lost := [f"{n:,} {what}" for what, n in self._lost.items() if n]:
            self.warn("lost", f"not recorded: {', '.join(lost)}")

    def _seal_if_enough(self) -> None:
        """Seal the pending rows unless there are few and the last seal is recent."""
        now = time.monotonic()
        few = self._since_seal < FEW_ROWS and now - self._last_seal < LONG_SECONDS
        self._due = now + SEAL_SECONDS
        if not few or self._failed:
            self._seal()

    def _seal(self) -> None:
        """Collect the pending rows for the detectors, and seal them."""
        self._last_seal, self._since_seal = time.monotonic(), 0
        for steps, columns in self._table.waiting():
            new = int(np.searchsorted(steps, self._collected, "right"))
            if new < len(steps):
                rows = {name: values[new:] for name, values in columns.items()}
                self._unobserved.append((steps[new:], rows))
                self._collected = int(steps[-1])
        try:
            self._table.flush()
            self._failed = False
        except OSError as error:
            self._handle_disk_error(error)
            self._lost["rows"] += self._table.drop_oldest(BUFFER_ROWS)
        self._writer.beat(self.step)
        if sum(len(steps) for steps, _ in self._unobserved) >= OBSERVE_ROWS:
            self._observe()

    def _observe(self) -> None:
        """Pass the collected rows to the detectors, as few blocks as their columns allow."""
        unobserved, self._unobserved = self._unobserved, []
        for names, group in groupby(unobserved, key=lambda rows: tuple(rows[1])):
            steps, columns = zip(*group, strict=True)
            rows = {name: np.concatenate([block[name] for block in columns]) for name in names}
            self._add_events(self._observer.rows(np.concatenate(steps), rows))

    def _add_events(self, events: Iterable[Event]) -> None:
        self._events.extend(events)
        while self._events:
            try:
                self._writer.write(self._events[0], seal_rows=False)
            except OSError as error:
                self._handle_disk_error(error)
                break
            self._events.popleft()
        while len(self._events) > BUFFER_EVENTS:
            self._events.popleft()
            self._lost["events"] += 1

    def _handle_disk_error(self, error: Exception) -> None:
        self._failed |= isinstance(error, OSError)
        text = f"the run cannot be written ({error}); the loop continues and writes are retried"
        self.warn("disk", text)

    def warn(self, topic: str, text: str) -> None:
        """Warn once per topic, in the process that records."""
        if topic not in self._warned and os.getpid() == self._writer.pid:
            self._warned.add(topic)
            text = f"memlab: {self._folder.path.name}: {text}"
            warnings.warn(text, RuntimeWarning, stacklevel=_stack_level_of_user())


def _stack_level_of_user() -> int:
    """The stack level, as seen by the calling function, of the code that calls memlab."""
    level, frame = 0, sys._getframe(1)
    while frame.f_globals.get("__name__", "").startswith("memlab.") and frame.f_back:
        level, frame = level + 1, frame.f_back
    return level + 1
