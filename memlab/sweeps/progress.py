"""How the members of a sweep stand, read from their folders."""

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
"""what no worker changes any more"""
UNFINISHED: frozenset[State] = frozenset({"queued", "running"})
"""what may still reach an event"""
SAME_ERROR, DEATHS, FAILURES = 2, 3, 5
"""failures in a row with one error, ends without end.json, and failures of any kind, after which
a member is set aside"""


@dataclass(frozen=True)
class MemberState:
    """A member, and what its folder says."""

    member: Member
    state: State
    """queued: not begun, or begun and to be continued; failed: set aside with a reason"""
    step: int = 0
    """reached; of forks those shared with the parent included"""
    target: int = 0
    status: str = ""
    """of its run; empty while there is none"""
    final: Mapping[str, float] = field(default_factory=dict)
    """values of the last evaluation, of ended runs"""
    memorized_at: Mapping[str, Any] | None = None
    grokked_at: Mapping[str, Any] | None = None
    reason: str | None = None
    """why it failed"""

    @property
    def terminal(self) -> bool:
        """Whether it never changes any more, unless something is added to the sweep."""
        return self.state in TERMINAL


@final
class SweepProgress:
    """Follows the members of a sweep. Keep it: whether a worker elsewhere lives is seen by watching."""

    def __init__(self, sweep: Sweep) -> None:
        self.sweep = sweep
        self._folders: dict[str, RunFolder] = {}
        self._ended: dict[str, MemberState] = {}
        self._first_attempts: dict[str, Mapping[str, Any]] = {}
        self._look()

    def folder(self, member: Member) -> RunFolder:
        """The run folder of a member, made or not."""
        return self._folders.setdefault(member.run, RunFolder(self.sweep.runs / member.run))

    def read(self) -> list[MemberState]:
        """All members as they stand now, in the order of execution."""
        self._look()
        with Catalog.of_briefs(self.sweep.runs) as catalog:
            return [self._state(member, catalog) for member in self.sweep.members]

    def state(self, member: Member) -> MemberState:
        """The current state of one member."""
        self._look()
        return self._state(member, None)

    def first_attempt(self, member: Member) -> Mapping[str, Any]:
        """`attempt.json` of the first attempt: threads, device, versions. Empty while unknown."""
        if member.run not in self._first_attempts:
            path = self.folder(member).path / "attempts" / "001" / "attempt.json"
            found = sealed_json.read(path, place(member.run, 1, "attempt.json"))
            if found is None:
                return {}
            self._first_attempts[member.run] = found
        return self._first_attempts[member.run]

    def _look(self) -> None:
        self._retries, self._problems = self.sweep.retries, self.sweep.problems()

    def _state(self, member: Member, catalog: Catalog | None) -> MemberState:
        if member.run in self._ended:
            return self._ended[member.run]
        folder, target = self.folder(member), self.sweep.target(member)
        seen = stamp(folder.path)
        if seen is None:
            problem, step = self._problems.get(member.run), self.sweep.plan.shared_steps
            return MemberState(
                member, "failed" if problem else "queued", step, target, reason=problem
            )
        known = catalog.value_of(folder, seen) if catalog else brief(folder)
        state, reason = self._judge(folder, Status(known["status"]), known["step"], target)
        found = MemberState(
            member,
            state,
            known["step"],
            target,
            known["status"],
            known["final"],
            known["memorized_at"],
            known["grokked_at"],
            reason,
        )
        if found.terminal:
            self._ended[member.run] = found
        return found

    def _judge(
        self, folder: RunFolder, status: Status, step: int, target: int
    ) -> tuple[State, str | None]:
        problem = self._problems.get(folder.path.name)
        forgiven = max(self._retries.get(folder.path.name, 0), self.sweep.plan.made_attempts)
        match status:
            case Status.RUNNING | Status.PAUSED:
                return "running", None
            case Status.DIVERGED:
                return "diverged", None
            case Status.FINISHED:
                return "finished" if step >= target or _stopped_early(folder) else "queued", None
            case Status.STOPPED:
                return "queued" if len(folder.attempts()) <= forgiven else "stopped", None
            case Status.FAILED | Status.DIED:
                reason = why_set_aside(folder, forgiven) or problem
                return ("failed", reason) if reason else ("queued", None)
        return ("failed", problem) if problem else ("queued", None)


def _stopped_early(folder: RunFolder) -> bool:
    end = folder.attempts()[-1].end
    return end is not None and end.get("reason") == "early_stop"


def why_set_aside(folder: RunFolder, forgiven: int = 0) -> str | None:
    """Why no worker takes this run up again; None if one does. It must not be alive.

    Args:
        forgiven: its first attempts that do not count.
    """
    attempts = [attempt for attempt in folder.attempts() if attempt.number > forgiven]
    ends = [attempt.end for attempt in attempts]
    deaths = sum(end is None for end in ends)
    failed = [end for end in ends if end is not None and end.get("reason") == "failed"]
    errors = [str(end.get("summary", {}).get("error", "")) for end in failed]
    if len(errors) >= SAME_ERROR and len(set(errors[-SAME_ERROR:])) == 1:
        return f"failed twice with the same error: {errors[-1]}"
    if deaths >= DEATHS:
        return f"its process died {deaths} times without end.json"
    if len(errors) >= FAILURES:
        return f"failed {len(errors)} times, last with: {errors[-1]}"
    return None


def counts(states: Iterable[MemberState]) -> dict[str, int]:
    """Members by state: total, finished, running, queued, failed, diverged, stopped."""
    found = Counter(state.state for state in states)
    names: tuple[State, ...] = ("finished", "running", "queued", "failed", "diverged", "stopped")
    return {"total": sum(found.values()), **{name: found[name] for name in names}}


def status_of(sweep: Sweep, number: Mapping[str, int]) -> str:
    """Status of a sweep with these counts of members."""
    if number["running"]:
        return "running"
    if not number["queued"] and not number["stopped"]:
        return "failed" if number["failed"] else "finished"
    if sweep.stopped:
        return "stopped"
    return "queued" if number["queued"] == number["total"] else "interrupted"
