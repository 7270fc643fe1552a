"""The states of the members of a sweep, read from their run folders."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, final

from memlab.record import sealed_json
from memlab.record.attempt import place
from memlab.record.catalog import Catalog, stamp
from memlab.record.folder import RunFolder
from memlab.record.status import Status
from memlab.record.summary import brief
from memlab.sweeps.plan import Member
from memlab.sweeps.sweep import Sweep

State = Literal["queued", "running", "finished", "diverged", "stopped", "failed"]
TERMINAL: frozenset[State] = frozenset({"finished", "diverged"})
"""no worker trains these members any further"""
UNFINISHED: frozenset[State] = frozenset({"queued", "running"})
"""these members can still reach an event"""
MAX_SAME_ERROR, MAX_DEATHS, MAX_FAILURES = 2, 3, 5
"""A member has failed after this many consecutive failures with the same error, attempts without
end.json, or failures of any kind."""


@dataclass(frozen=True)
class MemberState:
    """The state of one member, read from its run folder."""

    member: Member
    state: State
    """queued: not started, or to be continued; failed: workers no longer try it, see `reason`"""
    step: int = 0
    """last step, including steps that a fork shares with its parent"""
    target: int = 0
    status: str = ""
    """status of its run; empty before the run is created"""
    final: Mapping[str, float] = field(default_factory=dict)
    """values of the last evaluation; empty before the run has ended"""
    memorized_at: Mapping[str, Any] | None = None
    grokked_at: Mapping[str, Any] | None = None
    reason: str | None = None
    """why the member failed"""

    @property
    def terminal(self) -> bool:
        """Whether the state is final, unless steps are added to the sweep."""
        return self.state in TERMINAL


@final
class SweepProgress:
    """Reads the states of the members of a sweep.

    Use one object per sweep: it recognizes a process on another machine as alive by heartbeats that
    change between two reads.
    """

    def __init__(self, sweep: Sweep) -> None:
        self.sweep = sweep
        self._folders: dict[str, RunFolder] = {}
        self._ended: dict[str, MemberState] = {}
        self._first_attempts: dict[str, Mapping[str, Any]] = {}
        self._read_sweep()

    def folder(self, member: Member) -> RunFolder:
        """The run folder of a member, even if it does not exist yet."""
        if member.run not in self._folders:
            self._folders[member.run] = RunFolder(self.sweep.runs / member.run)
        return self._folders[member.run]

    def read(self) -> list[MemberState]:
        """The current states of all members, in the order of execution."""
        self._read_sweep()
        with Catalog.of_briefs(self.sweep.runs) as catalog:
            return [self._state(member, catalog) for member in self.sweep.members]

    def state(self, member: Member) -> MemberState:
        """The current state of one member."""
        self._read_sweep()
        return self._state(member, None)

    def first_attempt(self, member: Member) -> Mapping[str, Any]:
        """`attempt.json` of the first attempt: threads, device, versions. Empty before it exists."""
        if member.run not in self._first_attempts:
            path = f"{self.folder(member).path}/attempts/001/attempt.json"
            info = sealed_json.read(path, place(member.run, 1, "attempt.json"))
            if info is None:
                return {}
            self._first_attempts[member.run] = info
        return self._first_attempts[member.run]

    def _read_sweep(self) -> None:
        self._retries, self._problems = self.sweep.retries, self.sweep.problems()

    def _state(self, member: Member, catalog: Catalog | None) -> MemberState:
        if member.run in self._ended:
            return self._ended[member.run]
        folder, target = self.folder(member), self.sweep.target(member)
        version = stamp(folder.path)
        if version is None:
            problem, step = self._problems.get(member.run), self.sweep.plan.shared_steps
            return MemberState(
                member, "failed" if problem else "queued", step, target, reason=problem
            )
        facts = catalog.value_of(folder, version) if catalog else brief(folder)
        state, reason = self._state_and_reason(
            folder, Status(facts["status"]), facts["step"], target
        )
        result = MemberState(
            member,
            state,
            facts["step"],
            target,
            facts["status"],
            facts["final"],
            facts["memorized_at"],
            facts["grokked_at"],
            reason,
        )
        if result.terminal:
            self._ended[member.run] = result
        return result

    def _state_and_reason(
        self, folder: RunFolder, status: Status, step: int, target: int
    ) -> tuple[State, str | None]:
        problem = self._problems.get(folder.path.name)
        ignored = max(self._retries.get(folder.path.name, 0), self.sweep.plan.initial_attempts)
        match status:
            case Status.RUNNING | Status.PAUSED:
                return "running", None
            case Status.DIVERGED:
                return "diverged", None
            case Status.FINISHED:
                return "finished" if step >= target or _stopped_early(folder) else "queued", None
            case Status.STOPPED:
                return "queued" if len(folder.attempts()) <= ignored else "stopped", None
            case Status.FAILED | Status.DIED:
                reason = failure_reason(folder, ignored) or problem
                return ("failed", reason) if reason else ("queued", None)
        return ("failed", problem) if problem else ("queued", None)


def _stopped_early(folder: RunFolder) -> bool:
    end = folder.attempts()[-1].end
    return end is not None and end.get("reason") == "early_stop"


def failure_reason(folder: RunFolder, ignored: int = 0) -> str | None:
    """Why workers no longer try this run; None if they do. The run must not be alive.

    Args:
        ignored: number of first attempts that do not count.
    """
    attempts = [attempt for attempt in folder.attempts() if attempt.number > ignored]
    ends = [attempt.end for attempt in attempts]
    deaths = sum(end is None for end in ends)
    failed = [end for end in ends if end is not None and end.get("reason") == "failed"]
    errors = [str(end.get("summary", {}).get("error", "")) for end in failed]
    if len(errors) >= MAX_SAME_ERROR and len(set(errors[-MAX_SAME_ERROR:])) == 1:
        return f"failed twice with the same error: {errors[-1]}"
    if deaths >= MAX_DEATHS:
        return f"its process died {deaths} times without end.json"
    if len(errors) >= MAX_FAILURES:
        return f"failed {len(errors)} times, most recently with: {errors[-1]}"
    return None


def counts(states: Iterable[MemberState]) -> dict[str, int]:
    """Members by state: total, finished, running, queued, failed, diverged, stopped."""
    by_state = Counter(state.state for state in states)
    names: tuple[State, ...] = ("finished", "running", "queued", "failed", "diverged", "stopped")
    return {"total": by_state.total(), **{name: by_state[name] for name in names}}


def status_of(sweep: Sweep, by_state: Mapping[str, int]) -> str:
    """The status of a sweep, from its number of members by state, as `counts` gives it."""
    if by_state["running"]:
        return "running"
    if not by_state["queued"] and not by_state["stopped"]:
        return "failed" if by_state["failed"] else "finished"
    if sweep.stopped:
        return "stopped"
    return "queued" if by_state["queued"] == by_state["total"] else "interrupted"
