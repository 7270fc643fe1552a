"""Trains the run in a folder and records its events. A new run starts like a resumed one.

The worker commits a checkpoint before it records the event `checkpoint`, and passes commands to
`train`.
"""

import errno
import time
from collections import deque
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

from memlab.errors import RunError
from memlab.preset.run_plugins import verified_plugins
from memlab.preset.schedule import kept_steps
from memlab.record.attempt_writer import AttemptWriter
from memlab.record.commands import CheckpointNow, Command, Edit, Inbox, Pause, Resume, Stop
from memlab.record.events import (
    Checkpoint,
    Edited,
    Ended,
    Event,
    Finding,
    Paused,
    Resumed,
    Started,
)
from memlab.record.folder import RunFolder
from memlab.record.fork import fork_point
from memlab.record.history import History
from memlab.record.summary import end_summary
from memlab.training.checkpoint import (
    checkpoint_files,
    weights_sha256,
    weights_to_bytes,
)
from memlab.training.flight_recorder import FlightRecorder
from memlab.training.out_of_memory import report_out_of_memory
from memlab.training.restore import restore
from memlab.training.run_data import RunData
from memlab.training.state import TrainState
from memlab.training.train import train

KEEP_LAST = 2
"""number of newest checkpoints that are kept"""
POLL_SECONDS = 0.05
"""time between two looks for commands, or two attempts to write, while training waits"""
DISK_FULL = "the disk is full"
"""beginning of the finding that reports a full disk"""
DISK_FULL_ERRORS = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)

T = TypeVar("T")


def work(  # noqa: PLR0913 - options of one call, each with a default
    folder: RunFolder,
    *,
    edits: Mapping[str, Any] | None = None,
    device: str = "auto",
    threads: int | None = None,
    take_over: bool = False,
    accept_plugin_change: bool = False,
    after: int | None = None,
    interrupted: Callable[[], bool] = lambda: False,
) -> Iterator[Event]:
    """Start the run in `folder`, or continue from its newest checkpoint, until it ends.

    Args:
        edits: changes of settings before the first update, dotted name to value.
        device: cpu, cuda or auto; with auto, a started run keeps its device if possible.
        threads: for a run that has not started; None = chosen by the size of its matrix products.
        take_over: take over the run from a live process, which then ends as superseded.
        accept_plugin_change: continue even if the code of a plugin has changed.
        after: number of the last attempt known to the caller; None = read it from the folder.
        interrupted: polled between blocks; true = save a checkpoint and end.

    Raises:
        PluginError: a plugin has changed, or fails.
        BusyError: another process trains the run, or has trained it since attempt `after`, and
            `take_over` is false.
    """
    plugins = verified_plugins(folder, accept_change=accept_plugin_change)
    start = restore(folder, device, threads)
    if after is None:
        after = start.after
    writer = folder.claim(
        {
            **start.circumstances,
            "resumed_from": start.resumed_from,
            **({"plugins": plugins} if plugins else {}),
        },
        seq=start.seq,
        first_step=start.state.step + 1,
        take_over=take_over,
        after=None if take_over else after,
    )
    with writer, report_out_of_memory(folder.path.name):
        worker = _Worker(folder, writer, start.state, start.run_data, interrupted)
        worker.requests.extend([Edit(dict(edits))] if edits else [])
        worker.kept.extend([] if start.resumed_from is None else [start.resumed_from])
        worker.restore_spikes(History(folder))
        yield from worker.write(
            Started(
                step=start.state.step,
                attempt=writer.number,
                resumed_from=start.resumed_from,
                device=start.run_data.device.type,
                engine=start.run_data.choice.name,
                engine_reason=start.run_data.choice.reason,
            )
        )
        for finding in start.findings:
            yield from worker.write(replace(finding, step=start.state.step))
        yield from worker.run(start.announce)


@dataclass
class _Worker:
    """Records the events of training, and receives commands."""

    folder: RunFolder
    writer: AttemptWriter
    state: TrainState
    run_data: RunData
    interrupted: Callable[[], bool]
    requests: deque[Command] = field(default_factory=deque)
    best_saved: int | None = None
    kept: deque[int] = field(default_factory=lambda: deque(maxlen=KEEP_LAST))
    """steps of the newest resumable checkpoints"""

    def __post_init__(self) -> None:
        self._inbox = Inbox(self.folder, self.writer.number)
        keep_spikes = self.state.preset.training.keep_spikes
        self._flight = FlightRecorder(self.folder.checkpoints, keep_spikes)
        self._paused = False
        self._is_waiting = False
        """whether `paused` was reported"""

    def write(self, event: Event) -> Iterator[Event]:
        """Write an event, then yield it."""
        yield (yield from self._retry_while_full(lambda: self.writer.write(event)))

    def restore_spikes(self, history: History) -> None:
        """Keep the checkpoints of the spikes that were recorded before this attempt."""
        for event in history.until().events:
            self._flight.observe(event)

    def run(self, announce: Sequence[Event]) -> Iterator[Event]:
        for event in announce:
            yield from self.write(event)
        for event in train(self.state, self.run_data, self.requests, self.writer.keep_rows):
            match event:
                case Checkpoint():
                    yield from self._commit([event])
                case Edited():
                    checkpoint = Checkpoint(step=event.step, best_step=self._best_step())
                    yield from self._commit([event, checkpoint])
                case Ended():
                    yield from self._end(event.reason)
                    return
                case _:
                    yield from self.write(event)
            yield from self._record_flight(event)
            self.writer.beat(self.state.step)
            yield from self._handle_commands()
            if self.writer.superseded():
                yield from self._end("superseded")
                return

    def _handle_commands(self) -> Iterator[Event]:
        """Read commands. While the run is paused, wait until there is something to do."""
        self._read_commands()
        if self._paused and not self._is_waiting:
            self._is_waiting = True
            yield from self.write(Paused(step=self.state.step))
        while self._paused and not (self._is_ending() or self._has_work()):
            time.sleep(POLL_SECONDS)
            self.writer.beat(self.state.step)
            self._read_commands()
        if self._is_waiting and (self._is_ending() or not self._paused):
            self._is_waiting = self._paused = False
            yield from self.write(Resumed(step=self.state.step))

    def _has_work(self) -> bool:
        """Whether `train` has something to do before the next update."""
        return bool(self.state.queue) or any(
            isinstance(request, CheckpointNow) or (isinstance(request, Edit) and request.at is None)
            for request in self.requests
        )

    def _is_ending(self) -> bool:
        return self.state.ending is not None or self._must_end()

    def _must_end(self) -> bool:
        """Whether the run should end, or another process has taken it over."""
        return self.interrupted() or Stop() in self.requests or self.writer.superseded()

    def _read_commands(self) -> None:
        """Read new commands: pause and resume act here, the others are passed to `train`."""
        if self.interrupted():
            self.state.ending = self.state.ending or "interrupted"
        for command in self._inbox.poll():
            match command:
                case Pause():
                    self._paused = True
                case Resume():
                    self._paused = False
                case _:
                    self.requests.append(command)

    def _retry_while_full(self, write: Callable[[], T]) -> Generator[Event, None, T]:
        """Call `write`, again while the disk is full; returns its result. Reports the wait once.

        Raises:
            RunError: the run should end while the disk is full.
        """
        reported = False
        while True:
            try:
                return write()
            except OSError as error:
                if error.errno not in DISK_FULL_ERRORS or self.writer.lost:
                    raise
                if not reported:
                    yield _disk_full(self.state.step, error)
                reported = True
            time.sleep(POLL_SECONDS)
            self.writer.beat(self.state.step, "waiting")
            self._read_commands()
            if self._must_end():
                raise RunError(
                    "the disk is full, so the end of the run could not be recorded",
                    where=str(self.folder.path),
                    hint="checkpoints are kept: free disk space, then resume the run",
                )

    def _best_step(self) -> int | None:
        return self.state.best.step if self.state.best else None

    def _commit(self, announce: list[Event]) -> Iterator[Event]:
        step, best = self.state.step, self.state.best
        if best and best.step not in (self.best_saved, step):
            weights = {"model.safetensors": weights_to_bytes(best.weights)}
            yield from self._store(best.step, weights)
            self.best_saved = best.step
        yield from self._store(step, checkpoint_files(self.state, self.writer.seq, announce))
        for event in announce:
            yield from self.write(event)
        if step not in self.kept:
            self.kept.append(step)
        keep = {*self.kept, *([best.step] if best else []), *self._flight.kept}
        keep |= set(kept_steps(self.state.preset, step))
        if fork := fork_point(self.folder):
            keep.add(fork.step)
        if "init" in self.folder.description:
            keep.add(0)
        yield from self._retry_while_full(lambda: self.folder.checkpoints.prune(keep))

    def _record_flight(self, event: Event) -> Iterator[Event]:
        """Copy the state if due, and commit an earlier copy when a spike has started."""
        copy = self._flight.observe(event)
        if copy is not None:
            yield from self._store(copy.step, copy.files())
        self._flight.record(self.state, self.writer.seq)

    def _store(self, step: int, contents: Mapping[str, bytes]) -> Iterator[Event]:
        yield from self._retry_while_full(lambda: self.writer.commit(step, contents))

    def _end(self, reason: str) -> Iterator[Event]:
        step = self.state.step
        weights = weights_sha256(dict(self.state.model.named_parameters()))
        summary = {"weights_sha256": weights, **end_summary(self.folder)}
        ended = Ended(step=step, reason=reason, summary=summary)
        stamped = yield from self._retry_while_full(lambda: self.writer.write(ended))
        yield from self._retry_while_full(lambda: self.writer.end(reason, step, summary))
        yield stamped


def _disk_full(step: int, error: OSError) -> Finding:
    return Finding(
        step=step,
        level="error",
        what=f"{DISK_FULL} ({error.strerror}): training waits until there is space",
        why="results that cannot be recorded would be lost",
        advice="free disk space; no recorded data is lost meanwhile",
    )
