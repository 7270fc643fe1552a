"""A worker: takes members that are neither finished nor alive, one after another.

Nothing but the folders of the members says who does what, so any number of workers may run, on any
machine that sees the folder. The first attempt of a member belongs to whoever creates its folder, by a
rename that succeeds once; each later attempt to whoever claims it, by the same means. Whoever comes
second looks for another member. An attempt is only claimed if there has been none since its member
was seen unfinished, so nothing is trained to its end twice.
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
"""between looks at members that others are working on"""
TO_KNOW = STANDSTILL + 2 * POLL_SECONDS
"""seconds after which it is known whether a process on another machine lives"""


class Train(Protocol):
    """Trains the run in a folder until it ends, as `memlab.training.worker.work` does."""

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
    """Makes a run in `runs` that shares the past of `parent` up to step `at`."""

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
        """Make it, with the id `run` and `origin` in its `run.json`."""
        ...


class Trainer(NamedTuple):
    """What a worker needs of the code that trains."""

    train: Train
    fork: Fork


Report = Callable[[str], None]
"""Tells a person something, in one line."""


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
            threads: of each member; None = as the sweep was planned.
            interrupted: polled while it trains and waits; true asks it to save and leave.
        """
        self._progress = SweepProgress(sweep)
        self._trainer, self._report = trainer, report
        self._threads = threads or sweep.plan.threads
        self._interrupted = interrupted
        self._stopped, self._looked = False, 0.0
        self._unclaimed: dict[str, float] = {}
        """when members were first seen that another process has made and not begun yet"""

    def run(self, *, wait: bool = True) -> None:
        """Take members until none is left, or it is to leave.

        Args:
            wait: stay while others work on the last members, to take over from one that dies;
                otherwise only for as long as it takes to know that they are alive.
        """
        idle_since = None
        while not self._leaving():
            if self._take_next():
                idle_since = None
                continue
            if not any(state.state == "running" for state in self._progress.read()):
                return
            idle_since = idle_since or time.monotonic()
            if not wait and time.monotonic() - idle_since > TO_KNOW:
                return
            time.sleep(POLL_SECONDS)

    def take(self, run: str) -> bool:
        """Take one member, if it is neither finished nor alive; this may take 15 s to know."""
        return not self._leaving() and any(
            self._take(member) or (self._has_died(member) and self._take(member))
            for member in self._progress.sweep.members
            if member.run == run
        )

    def _has_died(self, member: Member) -> bool:
        attempts = self._progress.folder(member).attempts()
        return bool(attempts) and attempts[-1].end is None and not attempts[-1].watch()

    def _leaving(self) -> bool:
        """Whether to save and leave; the sweep's folder is asked twice a second at most."""
        now = time.monotonic()
        if now - self._looked > 0.5:
            self._looked, self._stopped = now, self._progress.sweep.stopped
        return self._stopped or self._interrupted()

    def _take_next(self) -> bool:
        """Take the first member that can be taken; false when there is none."""
        sweep = self._progress.sweep
        if sweep.has_changed():
            self._progress = SweepProgress(Sweep.open(sweep.path))
        return any(self._take(member) for member in self._progress.sweep.members)

    def _take(self, member: Member) -> bool:
        """Train a member until it ends; false when it is not to be had."""
        folder = self._progress.folder(member)
        attempts = folder.attempts()
        after, made = (
            attempts[-1].number if attempts else 0,
            self._progress.sweep.plan.made_attempts,
        )
        state = self._progress.state(member)
        if state.state != "queued":
            return False
        try:
            if not state.status:
                if not self._create(member):
                    return False
                after = made
            elif after == made and self._made_elsewhere(folder):
                return False
            self._work(member, state, after)
        except BusyError:
            return False
        except (MemlabError, OSError, RuntimeError, ValueError, MemoryError) as error:
            self._note(member, error, after)
        return True

    def _create(self, member: Member) -> bool:
        """Make the run of a member; false when another worker was faster."""
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

    def _made_elsewhere(self, folder: RunFolder) -> bool:
        """Whether the process that made this folder is still about to begin its first attempt."""
        maker = folder.description.get("sweep", {}).get("worker", {})
        is_running = process.is_running(maker) if isinstance(maker, dict) and maker else None
        if is_running is None:  # created on another machine: wait until it counts as dead
            first = self._unclaimed.setdefault(folder.path.name, time.monotonic())
            return time.monotonic() - first < STANDSTILL
        return is_running and maker.get("pid") != process.identity()["pid"]

    def _work(self, member: Member, state: MemberState, after: int) -> None:
        folder = self._progress.folder(member)
        steps = self._progress.sweep.extended_to
        extends = steps is not None and state.status == "finished" and state.step < steps
        events = self._trainer.train(
            folder,
            edits={"training.steps": steps} if extends else None,
            threads=self._threads,
            after=after,
            interrupted=self._leaving,
        )
        for event in events:
            if event.kind == "ended":
                self._report(f"{folder.path.name}: {getattr(event, 'reason', 'ended')}")

    def _note(self, member: Member, error: Exception, after: int) -> None:
        """See that the failure counts: a failed attempt says so itself, if there is one."""
        text = f"{type(error).__name__}: {error}"
        self._report(f"{member.run}: {text}")
        attempts = self._progress.folder(member).attempts()
        if not attempts or attempts[-1].number == after:
            self._progress.sweep.report_problem(member.run, text)


def create_member(sweep: Sweep, member: Member) -> RunFolder:
    """Make the run of a member, with the id that it was given when the sweep was planned.

    Raises:
        OSError: among others, another worker has made it.
    """
    return create_run(
        member_preset(sweep, member),
        sweep.runs,
        member_name(sweep, member),
        run=member.run,
        origin=origin(sweep, member),
    )


def fork_member(sweep: Sweep, member: Member, fork: Fork) -> None:
    """Make the run of a member as a fork: elsewhere, and then claimed by a rename.

    Raises:
        RunError: the parent is not there any more, or cannot be forked at that step.
        OSError: among others, another worker has made the member.
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
    """The complete settings of a member that is made now.

    Raises:
        PresetError: this version does not accept them.
    """
    changes: dict[str, Any] = dict(member.changes)
    if sweep.extended_to is not None:
        changes["training.steps"] = sweep.extended_to
    settings = with_changes(sweep.cells[member.cell].preset, changes)
    return from_json(settings, str(Path(sweep.path.name, "sweep.json")))


def member_name(sweep: Sweep, member: Member) -> str:
    """What the run of a member is called in lists."""
    label = sweep.cells[member.cell].label
    return " ".join(filter(None, (sweep.plan.name, label, f"seed {member.seed}")))


def origin(sweep: Sweep, member: Member) -> dict[str, Any]:
    """What `run.json` says of the sweep."""
    about = {
        "id": sweep.id,
        "name": sweep.plan.name,
        "cell": member.cell,
        "at": dict(sweep.cells[member.cell].at),
        "seed": member.seed,
        "worker": process.identity(),
    }
    return {"sweep": about}
