"""A worker: trains members that are neither finished nor alive, one after another.

Workers coordinate through the run folders only, so any number of them can run, on any machine that
shares the file system. The worker that creates a member's folder owns its first attempt; a later
attempt belongs to the worker that claims it. Both use a rename that succeeds only once, and a worker
that comes second tries another member. A worker only claims an attempt if no other attempt was made
since it read the member's state, so no member is finished twice.
"""

import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple, Protocol, final

from memlab.errors import BusyError, MemlabError
from memlab.preset.create import create_run
from memlab.preset.load import from_json
from memlab.preset.schema import Preset
from memlab.record import files, process
from memlab.record.attempt import STANDSTILL
from memlab.record.events import Event
from memlab.record.folder import RunFolder
from memlab.record.runs import find
from memlab.sweeps.plan import Member, with_changes
from memlab.sweeps.progress import MemberState, SweepProgress
from memlab.sweeps.sweep import Sweep

POLL_SECONDS = 1.0
"""between reads of members that other workers train"""
LIVENESS_SECONDS = STANDSTILL + 2 * POLL_SECONDS
"""seconds after which a worker knows whether a process on another machine is alive"""


class Train(Protocol):
    """Trains the run in a folder until it ends; `memlab.training.worker.work` is one."""

    def __call__(
        self,
        folder: RunFolder,
        *,
        edits: Mapping[str, Any] | None,
        threads: int,
        after: int,
        interrupted: Callable[[], bool],
    ) -> Iterator[Event]:
        """The events of the training."""
        ...


class Fork(Protocol):
    """Creates a run in `runs` that shares all steps of `parent` up to step `at`."""

    def __call__(  # noqa: PLR0913 - each by its keyword
        self,
        parent: RunFolder,
        runs: Path,
        *,
        at: int,
        settings: Preset,
        name: str,
        run: str,
        origin: Mapping[str, Any],
    ) -> None:
        """Create the run with the id `run`; `origin` is added to its `run.json`."""
        ...


class Trainer(NamedTuple):
    """The functions that a worker uses to train and fork runs."""

    train: Train
    fork: Fork


Report = Callable[[str], None]
"""Prints one line for the user."""


@final
class Worker:
    """Executes members of one sweep in this process, where torch is loaded once."""

    def __init__(
        self,
        sweep: Sweep,
        trainer: Trainer,
        *,
        threads: int | None = None,
        interrupted: Callable[[], bool] = lambda: False,
        report: Report = lambda text: None,
    ) -> None:
        """
        Args:
            threads: per member; None = as planned.
            interrupted: polled during training and waiting; true makes the worker save and exit.
            report: prints a line for each ended member.
        """
        self._progress = SweepProgress(sweep)
        self._trainer, self._report = trainer, report
        self._threads = threads or sweep.plan.threads
        self._interrupted = interrupted
        self._stopped, self._checked_at = False, 0.0
        self._unclaimed: dict[str, float] = {}
        """run id to the time when this worker first saw a member without an attempt"""

    def run(self, *, wait: bool = True) -> None:
        """Train members until none is left or the worker is asked to exit.

        Args:
            wait: wait while other workers train the last members, to take over if one dies. False
                = only wait until it is known that they are alive.
        """
        idle_since = None
        while not self._should_exit():
            if self._take_next():
                idle_since = None
                continue
            if not any(state.state == "running" for state in self._progress.read()):
                return
            idle_since = idle_since or time.monotonic()
            if not wait and time.monotonic() - idle_since > LIVENESS_SECONDS:
                return
            time.sleep(POLL_SECONDS)

    def take(self, run: str) -> bool:
        """Train one member if it is neither finished nor alive; finding out can take 15 s."""
        return not self._should_exit() and any(
            self._take(member) or (self._has_died(member) and self._take(member))
            for member in self._progress.sweep.members
            if member.run == run
        )

    def _has_died(self, member: Member) -> bool:
        attempts = self._progress.folder(member).attempts()
        return bool(attempts) and attempts[-1].end is None and not attempts[-1].watch()

    def _should_exit(self) -> bool:
        """Whether to save and exit; reads the folder of the sweep at most twice per second."""
        now = time.monotonic()
        if now - self._checked_at > 0.5:
            self._checked_at, self._stopped = now, self._progress.sweep.stopped
        return self._stopped or self._interrupted()

    def _take_next(self) -> bool:
        """Train the first available member; false if there is none."""
        sweep = self._progress.sweep
        if sweep.has_changed():
            self._progress = SweepProgress(Sweep.open(sweep.path))
        return any(self._take(member) for member in self._progress.sweep.members)

    def _take(self, member: Member) -> bool:
        """Train a member until it ends; false if it is not available."""
        folder = self._progress.folder(member)
        attempts = folder.attempts()
        after = attempts[-1].number if attempts else 0
        initial_attempts = self._progress.sweep.plan.initial_attempts
        state = self._progress.state(member)
        if state.state != "queued":
            return False
        try:
            if not state.status:
                if not self._create(member):
                    return False
                after = initial_attempts
            elif after == initial_attempts and self._creator_starts_it(folder):
                return False
            self._work(member, state, after)
        except BusyError:
            return False
        except (MemlabError, OSError, RuntimeError, ValueError, MemoryError) as error:
            self._record_failure(member, error, after)
        return True

    def _create(self, member: Member) -> bool:
        """Create the run of a member; false if another worker was faster."""
        sweep = self._progress.sweep
        try:
            if sweep.plan.fork is None:
                create_member(sweep, member)
            else:
                fork_member(sweep, member, self._trainer.fork)
        except OSError:
            if not (sweep.runs / member.run / "run.json").exists():
                raise
            return False
        return True

    def _creator_starts_it(self, folder: RunFolder) -> bool:
        """Whether another process created this folder and is about to start its first attempt."""
        creator = folder.description.get("sweep", {}).get("worker", {})
        is_running = process.is_running(creator) if isinstance(creator, dict) and creator else None
        if is_running is None:  # created on another machine: wait until it counts as dead
            first_seen = self._unclaimed.setdefault(folder.path.name, time.monotonic())
            return time.monotonic() - first_seen < STANDSTILL
        return is_running and creator.get("pid") != process.identity()["pid"]

    def _work(self, member: Member, state: MemberState, after: int) -> None:
        folder = self._progress.folder(member)
        steps = self._progress.sweep.extended_to
        extends = steps is not None and state.status == "finished" and state.step < steps
        events = self._trainer.train(
            folder,
            edits={"training.steps": steps} if extends else None,
            threads=self._threads,
            after=after,
            interrupted=self._should_exit,
        )
        for event in events:
            if event.kind == "ended":
                self._report(f"{folder.path.name}: {getattr(event, 'reason', 'ended')}")

    def _record_failure(self, member: Member, error: Exception, after: int) -> None:
        """Store the error in the sweep unless a new attempt of the member has recorded it."""
        text = f"{type(error).__name__}: {error}"
        self._report(f"{member.run}: {text}")
        attempts = self._progress.folder(member).attempts()
        if not attempts or attempts[-1].number == after:
            self._progress.sweep.report_problem(member.run, text)


def create_member(sweep: Sweep, member: Member) -> RunFolder:
    """Create the run of a member with its planned id.

    Raises:
        OSError: another worker has created it, or the disk failed.
    """
    return create_run(
        member_preset(sweep, member),
        sweep.runs,
        member_name(sweep, member),
        run=member.run,
        origin=origin(sweep, member),
    )


def fork_member(sweep: Sweep, member: Member, fork: Fork) -> None:
    """Create the run of a member as a fork in a temporary folder, then rename it.

    Raises:
        RunError: the parent no longer exists, or cannot be forked at that step.
        OSError: another worker has created the member, or the disk failed.
    """
    assert sweep.plan.fork is not None
    staging = files.hidden(sweep.runs / member.run)
    try:
        fork(
            find(sweep.runs, sweep.plan.fork["run"]),
            staging,
            at=sweep.plan.shared_steps,
            settings=member_preset(sweep, member),
            name=member_name(sweep, member),
            run=member.run,
            origin=origin(sweep, member),
        )
        files.move(staging / member.run, sweep.runs / member.run)
    finally:
        if staging.exists():
            files.remove(staging)


def member_preset(sweep: Sweep, member: Member) -> Preset:
    """The complete settings of a member, including added steps.

    Raises:
        PresetError: this version of memlab does not accept them.
    """
    changes: dict[str, Any] = dict(member.changes)
    if sweep.extended_to is not None:
        changes["training.steps"] = sweep.extended_to
    settings = with_changes(sweep.cells[member.cell].preset, changes)
    return from_json(settings, str(Path(sweep.path.name, "sweep.json")))


def member_name(sweep: Sweep, member: Member) -> str:
    """The name of the run of a member."""
    label = sweep.cells[member.cell].label
    return " ".join(filter(None, (sweep.plan.name, label, f"seed {member.seed}")))


def origin(sweep: Sweep, member: Member) -> dict[str, Any]:
    """The entry of `run.json` about the sweep."""
    entry = {
        "id": sweep.id,
        "name": sweep.plan.name,
        "cell": member.cell,
        "at": dict(sweep.cells[member.cell].at),
        "seed": member.seed,
        "worker": process.identity(),
    }
    return {"sweep": entry}
