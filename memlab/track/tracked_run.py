"""One attempt of a training loop that calls `log`; see `memlab.track`.

Each row is on the disk when `log` returns, by one call to the operating system. Every second or
`SEAL_ROWS` rows they are sealed, and shown to the detectors. A disk that refuses is tried again
later: nothing of this raises into the loop.
"""

import atexit
import os
import threading
import time
import warnings
import weakref
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from types import TracebackType
from typing import Any, Self, final

from memlab.errors import MemlabError
from memlab.record.attempt_writer import AttemptWriter
from memlab.record.checkpoints import Stored
from memlab.record.commands import Command, Edit, Inbox, Pause, Resume, Stop
from memlab.record.events import (
    Checkpoint,
    Edited,
    Ended,
    Evaluated,
    Event,
    Finding,
    Paused,
    Resumed,
    Samples,
)
from memlab.record.folder import RunFolder
from memlab.record.recording import Observer
from memlab.record.row_tail import SLOTS
from memlab.record.summary import end_summary

SEAL_ROWS = SLOTS - 24
SEAL_SECONDS = 1.0
FEW_ROWS = 64
"""with fewer rows the detectors wait longer: a call costs as much for one row as for hundreds"""
LONG_SECONDS = 10.0
"""... but not longer than this"""
BUFFER_ROWS = 1 << 16
"""rows that are kept while the disk refuses them; of more, the oldest are lost"""
BUFFER_EVENTS = 1000
POLL_SECONDS = 0.1
PAUSE_SECONDS = 0.05
KEEP_CHECKPOINTS = 2


@final
class TrackedRun:
    """Records rows, evaluations, samples and checkpoints. It may be used from several threads.

    A process that was forked off records nothing: what it calls here does nothing.
    """

    def __init__(
        self,
        folder: RunFolder,
        writer: AttemptWriter,
        observer: Observer,
        editable: Mapping[str, Any],
        restored: Stored | None,
    ) -> None:
        self.folder = folder
        self.resumed_from: dict[str, bytes] | None = restored.files if restored else None
        """the files of the checkpoint that a resumed loop goes on from, by name"""
        self._last = writer.first_step - 1
        """step of the last row, or below all steps that may come"""
        self.stop_requested = False
        """whether a `stop` command has come"""
        self._writer, self._table, self._observer = writer, writer.table, observer
        self._inbox = Inbox(folder, writer.number)
        self._editable = dict(editable)
        self._lock = threading.RLock()
        self._open = True
        self._events: deque[Event] = deque()
        """events that are not written yet"""
        self._queue: deque[Command] = deque()
        self._paused = False
        self._since_seal = 0
        self._observed = self._last
        """the last step that the detectors have seen"""
        self._last_seal = self._last_poll = time.monotonic()
        self._due = self._last_seal + SEAL_SECONDS
        self._error: OSError | None = None
        self._lost = {"rows": 0, "events": 0, "checkpoints": 0}
        self._lost |= {"values": 0, "values out of order": 0}
        self._warned: set[str] = set()
        _open_runs.add(self)
        atexit.register(self._at_exit)

    @property
    def id(self) -> str:
        """The id of the run, as `memlab show` takes it."""
        return self.folder.path.name

    @property
    def step(self) -> int:
        """The step of the last row; of a resumed loop at first, the updates done."""
        return max(self._last, 0)

    def log(
        self, values: Mapping[str, Any] | None = None, /, *, step: int | None = None, **more: Any
    ) -> None:
        """Record values of an update: numbers, or tensors that hold one.

        Args:
            values: for names that are no Python names: {"train/loss": 0.5}.
            step: of the update; None = the next. The last step may be given again, to add values.

        Raises:
            TypeError: a value is no number.
        """
        row = {**values, **more} if values else more
        if not row:
            return
        with self._lock:
            last = self._last
            if step is None:
                step = max(last, 0) + 1
            elif step <= last and not (step == last and self._table.last_row_waits):
                self._lost["values out of order"] += 1
                self._warn("order", f"values of step {step} came after step {last} was recorded")
                return
            if not self._open:
                self._warn("closed", "values were logged after the run was closed")
                return
            if step > last and (self._since_seal >= SEAL_ROWS or time.monotonic() >= self._due):
                self._tend()
            try:
                self._table.append_row(step, row)
            except OSError as error:
                self._refused(error)
                self._lost["rows"] += self._table.last_step != step
                self._lost["values"] += len(row.keys() - set(self._table.columns))
            self._last = step
            self._since_seal += 1

    def evaluated(
        self, values: Mapping[str, Any] | None = None, /, *, step: int | None = None, **more: Any
    ) -> None:
        """Record an evaluation; names like `val_loss` and `val_accuracy` (0 to 1) are understood."""
        numbers = {name: float(value) for name, value in {**(values or {}), **more}.items()}
        self._happened(Evaluated(step=self._at(step), values=numbers))

    def samples(self, samples: Sequence[Mapping[str, Any]], *, step: int | None = None) -> None:
        """Record what the model answers: {"prompt": ..., "target": ..., "answer": ...} each.

        `split` and `tokens` ([{"text", "target", "p", "ok"}]) may be given too; without tokens, the
        answer counts as one.
        """
        self._happened(Samples(step=self._at(step), samples=list(map(_whole_sample, samples))))

    def checkpoint(self, files: Mapping[str, bytes], *, step: int | None = None) -> bool:
        """Store files as the checkpoint at a step; the last two are kept.

        Returns:
            Whether it is stored, durably, with every row up to it.
        """
        for name in files:
            if os.path.basename(name) != name or name.startswith(".") or name == "COMMIT.json":
                raise ValueError(f"this is no name for a file of a checkpoint: {name!r}")
        at = self._at(step)
        with self._lock:
            if not self._open:
                return False
            # A commit seals every row, and a sealed row is not shown to the detectors any more.
            self._seal()
            try:
                self._writer.commit(at, files)
                steps = self.folder.checkpoints.steps()
                self.folder.checkpoints.prune({*steps[-KEEP_CHECKPOINTS:], at})
            except (OSError, MemlabError) as error:
                self._lost["checkpoints"] += 1
                self._refused(error)
                return False
            self._happened(Checkpoint(step=at))
            return True

    def commands(self) -> Iterator[Command]:
        """What was asked of the run since: call it once per step, it costs next to nothing.

        `Stop` (`command.kind == "stop"`): end the loop. `Edit`: `command.changes` has new values of
        settings that were declared editable; they are recorded when the loop asks for the next
        command. `CheckpointNow`: call `checkpoint`. While the run is paused this waits.
        """
        if time.monotonic() - self._last_poll < POLL_SECONDS:
            return
        while self._open and (self._asked() or self._paused):
            if not self._queue:
                time.sleep(PAUSE_SECONDS)
                self._writer.beat(self.step)
                self._pause(self._paused and not self._writer.superseded())
                continue
            command = self._queue.popleft()
            match command:
                case Pause() | Resume():
                    self._pause(isinstance(command, Pause))
                case Edit():
                    if self._accepts(command):
                        yield command
                        self._editable |= command.changes
                        self._happened(Edited(step=self.step, changes=command.changes))
                case _:
                    if isinstance(command, Stop):
                        self._pause(False)
                        self.stop_requested = True
                    yield command

    def _asked(self) -> bool:
        """Whether commands wait that were not handed on."""
        self._queue.extend(self._inbox.poll())
        self._last_poll = time.monotonic()
        return bool(self._queue)

    def _pause(self, paused: bool) -> None:
        if paused != self._paused:
            self._paused = paused
            self._happened(Paused(step=self.step) if paused else Resumed(step=self.step))

    def _accepts(self, edit: Edit) -> bool:
        """Whether all that is edited was declared, with values of the same kind."""
        for name, value in edit.changes.items():
            if name not in self._editable:
                why = f"{name} was not declared editable"
            elif not _same_kind(value, self._editable[name]):
                why = f"{name} is {self._editable[name]!r}, so it cannot be {value!r}"
            else:
                continue
            allowed = ", ".join(self._editable) or "nothing"
            self._happened(
                Finding(
                    step=self.step,
                    level="warning",
                    what=f"an edit is refused: {why}",
                    why=f"the loop declared as editable: {allowed}",
                    advice="the run goes on without it; send an edit that is allowed",
                )
            )
            return False
        return True

    def _at(self, step: int | None) -> int:
        return self.step if step is None else step

    def _happened(self, event: Event) -> None:
        """Record an event, after what the rows before it show, and what it shows itself."""
        with self._lock:
            if not self._open:
                self._warn("closed", "an event was recorded after the run was closed")
                return
            self._tend()
            self._events.extend([event, *self._observer.event(event)])
            self._write_events()

    def _tend(self) -> None:
        """Seal the rows that wait and show them to the detectors, unless there are few."""
        now = time.monotonic()
        few = self._since_seal < FEW_ROWS and now - self._last_seal < LONG_SECONDS
        self._due = now + SEAL_SECONDS
        if not few or self._error:
            self._seal()

    def _seal(self) -> None:
        self._last_seal, self._since_seal = time.monotonic(), 0
        for steps, columns in self._table.waiting():
            new = steps > self._observed
            if new.any():
                shown = {name: values[new] for name, values in columns.items()}
                self._events.extend(self._observer.rows(steps[new], shown))
                self._observed = int(steps[-1])
        try:
            self._table.flush()
            self._error = None
        except OSError as error:
            self._refused(error)
            self._lost["rows"] += self._table.drop_oldest(BUFFER_ROWS)
        self._write_events()
        self._writer.beat(self.step)

    def _write_events(self) -> None:
        while self._events:
            try:
                self._writer.write(self._events[0], seal_rows=False)
            except OSError as error:
                self._refused(error)
                break
            self._events.popleft()
        while len(self._events) > BUFFER_EVENTS:
            self._events.popleft()
            self._lost["events"] += 1

    def _refused(self, error: Exception) -> None:
        if isinstance(error, OSError):
            self._error = error
        self._warn(
            "disk",
            f"the run cannot be written to ({error}); the loop goes on, and it is tried again",
        )

    def _warn(self, about: str, text: str) -> None:
        """Warn once about each thing."""
        if about not in self._warned and os.getpid() == self._writer.pid:
            self._warned.add(about)
            warnings.warn(f"memlab: {self.id}: {text}", RuntimeWarning, stacklevel=3)

    def close(self, reason: str = "finished", error: str | None = None) -> None:
        """End the run: finished, stopped, interrupted, failed or diverged.

        Args:
            error: what went wrong, of a run that failed.
        """
        with self._lock:
            if not self._open:
                return
            self._seal()
            step = self.step
            try:
                summary = end_summary(self.folder) | ({} if error is None else {"error": error})
                self._events.append(Ended(step=step, reason=reason, summary=summary))
                self._write_events()
                self._writer.end(reason, step, summary)
            except OSError as failure:
                self._refused(failure)
                self._lost["rows"] += self._table.n_waiting
                self._lost["events"] += len(self._events)
                self._writer.close()
            self._open = False
            atexit.unregister(self._at_exit)
            if lost := [f"{n:,} {what}" for what, n in self._lost.items() if n]:
                self._warn("lost", f"not recorded: {', '.join(lost)}")

    def _at_exit(self) -> None:
        self.close("interrupted")

    def _forget(self) -> None:
        """In a process that was forked off: the run belongs to its parent."""
        self._open, self._lock = False, threading.RLock()
        atexit.unregister(self._at_exit)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if error is None:
            self.close("stopped" if self.stop_requested else "finished")
        elif isinstance(error, Exception):
            self.close("failed", f"{type(error).__name__}: {error}")
        else:
            self.close("interrupted")


def _whole_sample(sample: Mapping[str, Any]) -> dict[str, Any]:
    whole = {"split": "val", "prompt": "", "target": "", "answer": "", **sample}
    answer, target = whole["answer"], whole["target"]
    return {"tokens": [{"text": answer, "target": target, "ok": answer == target}], **whole}


def _same_kind(value: Any, known: Any) -> bool:
    if isinstance(known, bool) or isinstance(value, bool):
        return type(value) is type(known)
    if isinstance(known, int | float):
        return isinstance(value, int | float)
    return type(value) is type(known)


_open_runs: "weakref.WeakSet[TrackedRun]" = weakref.WeakSet()


def _forget_all() -> None:
    for run in list(_open_runs):
        run._forget()


os.register_at_fork(after_in_child=_forget_all)
