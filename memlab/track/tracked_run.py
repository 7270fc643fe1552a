"""Records one attempt of a training loop; see `memlab.track`.

`log` writes a row with one system call, so it is on disk when `log` returns. Once per second, or
after `SEAL_ROWS` rows, pending rows are sealed and passed to the detectors. After a disk error the
writes are retried later; disk errors never raise into the loop.
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
"""with fewer pending rows the detectors are called less often: a call for one row costs as much as
one for hundreds"""
LONG_SECONDS = 10.0
"""maximum time between two calls of the detectors"""
BUFFER_ROWS = 1 << 16
"""maximum number of rows in memory after disk errors; then the oldest are dropped"""
BUFFER_EVENTS = 1000
"""the same for events"""
POLL_SECONDS = 0.1
PAUSE_SECONDS = 0.05
KEEP_CHECKPOINTS = 2


@final
class TrackedRun:
    """Records rows, evaluations, samples and checkpoints. Thread-safe.

    In a forked child process all methods do nothing.
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
        """files of the checkpoint from which the loop resumes, by name"""
        self._last = writer.first_step - 1
        """step of the last row; before the first row, below all steps"""
        self.stop_requested = False
        """whether a `stop` command was received"""
        self._writer, self._table, self._observer = writer, writer.table, observer
        self._inbox = Inbox(folder, writer.number)
        self._editable = dict(editable)
        self._lock = threading.RLock()
        self._open = True
        self._events: deque[Event] = deque()
        """events that have not been written"""
        self._queue: deque[Command] = deque()
        self._paused = False
        self._since_seal = 0
        """number of rows since the last seal"""
        self._observed = self._last
        """last step passed to the detectors"""
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
        """The id of the run, as in `memlab show ID`."""
        return self.folder.path.name

    @property
    def step(self) -> int:
        """Step of the last row; initially 0, or the step from which the loop resumes."""
        return max(self._last, 0)

    def log(
        self, values: Mapping[str, Any] | None = None, /, *, step: int | None = None, **more: Any
    ) -> None:
        """Record values of an update: numbers, or tensors with one element.

        Args:
            values: values whose names are not Python identifiers: {"train/loss": 0.5}.
            step: step of the update; None = the next one. Repeat the last step to add values to it.

        Raises:
            TypeError: a value is not a number.
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
                self._seal_if_enough()
            try:
                self._table.append_row(step, row)
            except OSError as error:
                self._handle_disk_error(error)
                self._lost["rows"] += self._table.last_step != step
                self._lost["values"] += len(row.keys() - set(self._table.columns))
            self._last = step
            self._since_seal += 1

    def evaluated(
        self, values: Mapping[str, Any] | None = None, /, *, step: int | None = None, **more: Any
    ) -> None:
        """Record an evaluation.

        `val_loss` and `val_accuracy` (0 to 1), and the same with `train_`, are used to detect
        phases.
        """
        numbers = {name: float(value) for name, value in {**(values or {}), **more}.items()}
        self._add_event(Evaluated(step=self._at(step), values=numbers))

    def samples(self, samples: Sequence[Mapping[str, Any]], *, step: int | None = None) -> None:
        """Record answers of the model, each as {"prompt": ..., "target": ..., "answer": ...}.

        Optional keys: `split`, and `tokens` as [{"text", "target", "p", "ok"}]; by default the
        answer is one token.
        """
        self._add_event(Samples(step=self._at(step), samples=list(map(_complete_sample, samples))))

    def checkpoint(self, files: Mapping[str, bytes], *, step: int | None = None) -> bool:
        """Store files as the checkpoint of a step; the last two checkpoints are kept.

        Returns:
            Whether the checkpoint and all rows before it are durable.

        Raises:
            ValueError: a name is not allowed as a file name.
        """
        for name in files:
            if os.path.basename(name) != name or name.startswith(".") or name == "COMMIT.json":
                raise ValueError(f"a checkpoint cannot have a file named {name!r}")
        at = self._at(step)
        with self._lock:
            if not self._open:
                return False
            # A commit seals all rows, and sealed rows are no longer passed to the detectors.
            self._seal()
            try:
                self._writer.commit(at, files)
                steps = self.folder.checkpoints.steps()
                self.folder.checkpoints.prune({*steps[-KEEP_CHECKPOINTS:], at})
            except (OSError, MemlabError) as error:
                self._lost["checkpoints"] += 1
                self._handle_disk_error(error)
                return False
            self._add_event(Checkpoint(step=at))
            return True

    def commands(self) -> Iterator[Command]:
        """New commands; call this once per step, which is cheap. Blocks while the run is paused.

        `Stop` (`command.kind == "stop"`): end the loop. `Edit`: `command.changes` has new values of
        editable settings; they are recorded when the loop requests the next command.
        `CheckpointNow`: call `checkpoint`.
        """
        if time.monotonic() - self._last_poll < POLL_SECONDS:
            return
        while self._open and (self._poll() or self._paused):
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
                        self._add_event(Edited(step=self.step, changes=command.changes))
                case _:
                    if isinstance(command, Stop):
                        self._pause(False)
                        self.stop_requested = True
                    yield command

    def _poll(self) -> bool:
        """Read new commands; return whether any are pending."""
        self._queue.extend(self._inbox.poll())
        self._last_poll = time.monotonic()
        return bool(self._queue)

    def _pause(self, paused: bool) -> None:
        if paused != self._paused:
            self._paused = paused
            self._add_event(Paused(step=self.step) if paused else Resumed(step=self.step))

    def _accepts(self, edit: Edit) -> bool:
        """Whether an edit is allowed; otherwise a finding states why not."""
        reason = _refusal(edit, self._editable)
        if reason is None:
            return True
        self._add_event(
            Finding(
                step=self.step,
                level="warning",
                what=f"an edit is refused: {reason}",
                why=f"editable settings of this run: {', '.join(self._editable) or 'none'}",
                advice="the run continues without it; send an edit that is allowed",
            )
        )
        return False

    def _at(self, step: int | None) -> int:
        return self.step if step is None else step

    def _add_event(self, event: Event) -> None:
        """Record an event, after those detected in the rows before it, with those detected in it."""
        with self._lock:
            if not self._open:
                self._warn("closed", "an event was recorded after the run was closed")
                return
            self._seal_if_enough()
            self._events.extend([event, *self._observer.event(event)])
            self._write_events()

    def _seal_if_enough(self) -> None:
        """Seal the pending rows unless there are few and the last seal is recent."""
        now = time.monotonic()
        few = self._since_seal < FEW_ROWS and now - self._last_seal < LONG_SECONDS
        self._due = now + SEAL_SECONDS
        if not few or self._error:
            self._seal()

    def _seal(self) -> None:
        """Pass the pending rows to the detectors, then seal them."""
        self._last_seal, self._since_seal = time.monotonic(), 0
        for steps, columns in self._table.waiting():
            new = steps > self._observed
            if new.any():
                new_rows = {name: values[new] for name, values in columns.items()}
                self._events.extend(self._observer.rows(steps[new], new_rows))
                self._observed = int(steps[-1])
        try:
            self._table.flush()
            self._error = None
        except OSError as error:
            self._handle_disk_error(error)
            self._lost["rows"] += self._table.drop_oldest(BUFFER_ROWS)
        self._write_events()
        self._writer.beat(self.step)

    def _write_events(self) -> None:
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
        if isinstance(error, OSError):
            self._error = error
        text = f"the run cannot be written ({error}); the loop continues and writes are retried"
        self._warn("disk", text)

    def _warn(self, topic: str, text: str) -> None:
        """Warn once per topic."""
        if topic not in self._warned and os.getpid() == self._writer.pid:
            self._warned.add(topic)
            warnings.warn(f"memlab: {self.id}: {text}", RuntimeWarning, stacklevel=3)

    def close(self, reason: str = "finished", error: str | None = None) -> None:
        """End the run: finished, stopped, interrupted, failed or diverged.

        Args:
            error: the error message of a failed run.
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
                self._handle_disk_error(failure)
                self._lost["rows"] += self._table.n_waiting
                self._lost["events"] += len(self._events)
                self._writer.close()
            self._open = False
            atexit.unregister(self._at_exit)
            if lost := [f"{n:,} {what}" for what, n in self._lost.items() if n]:
                self._warn("lost", f"not recorded: {', '.join(lost)}")

    def _at_exit(self) -> None:
        self.close("interrupted")

    def _detach(self) -> None:
        """In a forked child process: leave the run to the parent."""
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


def _complete_sample(sample: Mapping[str, Any]) -> dict[str, Any]:
    """The sample with defaults for missing keys."""
    complete = {"split": "val", "prompt": "", "target": "", "answer": "", **sample}
    answer, target = complete["answer"], complete["target"]
    return {"tokens": [{"text": answer, "target": target, "ok": answer == target}], **complete}


def _refusal(edit: Edit, editable: Mapping[str, Any]) -> str | None:
    """Why an edit is not allowed: each setting must be editable and keep its type."""
    for name, value in edit.changes.items():
        if name not in editable:
            return f"{name} was not declared editable"
        if not _same_kind(value, editable[name]):
            return f"{name} is {editable[name]!r}, so it cannot be {value!r}"
    return None


def _same_kind(value: Any, known: Any) -> bool:
    if isinstance(known, bool) or isinstance(value, bool):
        return type(value) is type(known)
    if isinstance(known, int | float):
        return isinstance(value, int | float)
    return type(value) is type(known)


_open_runs: "weakref.WeakSet[TrackedRun]" = weakref.WeakSet()


def _detach_all() -> None:
    for run in list(_open_runs):
        run._detach()


os.register_at_fork(after_in_child=_detach_all)
