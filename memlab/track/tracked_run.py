"""The interface of a training loop to its run; see `memlab.track`."""

import atexit
import os
import threading
import time
import weakref
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from types import TracebackType
from typing import Any, Self, final

from memlab.record.attempt_writer import AttemptWriter
from memlab.record.checkpoints import Stored
from memlab.record.commands import Command, Edit, Inbox, Pause, Resume, Stop
from memlab.record.events import (
    Edited,
    Evaluated,
    Event,
    Finding,
    Paused,
    Resumed,
    Samples,
)
from memlab.record.folder import RunFolder
from memlab.record.recording import Observer
from memlab.track.attempt_buffer import AttemptBuffer

POLL_SECONDS = 0.1
PAUSE_SECONDS = 0.05


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
        self.stop_requested = False
        """whether a `stop` command was received"""
        self._writer = writer
        self._buffer = AttemptBuffer(folder, writer, observer)
        self._inbox = Inbox(folder, writer.number)
        self._editable = dict(editable)
        self._lock = threading.RLock()
        self._open = True
        self._queue: deque[Command] = deque()
        self._paused = False
        self._last_poll = time.monotonic()
        _open_runs.add(self)
        atexit.register(self._at_exit)

    @property
    def id(self) -> str:
        """The id of the run, as in `memlab show ID`."""
        return self.folder.path.name

    @property
    def step(self) -> int:
        """Step of the last row; initially 0, or the step from which the loop resumes."""
        return self._buffer.step

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
            if self._open:
                self._buffer.add_row(step, row)
            else:
                self._warn_closed()

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
            return self._open and self._buffer.commit(at, files)

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
        with self._lock:
            if self._open:
                self._buffer.add_event(event)
            else:
                self._warn_closed()

    def _warn_closed(self) -> None:
        self._buffer.warn("closed", "values or events were recorded after the run was closed")

    def close(self, reason: str = "finished", error: str | None = None) -> None:
        """End the run: finished, stopped, interrupted, failed or diverged.

        Args:
            error: the error message of a failed run.
        """
        with self._lock:
            if not self._open:
                return
            self._buffer.end(reason, error)
            self._open = False
            atexit.unregister(self._at_exit)

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
