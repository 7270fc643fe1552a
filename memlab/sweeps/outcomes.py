"""What came out of each member: when it reached events, and its last values."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from memlab.errors import MemlabError
from memlab.record.folder import RunFolder
from memlab.record.history import History
from memlab.record.summary import end_summary
from memlab.sweeps.progress import MemberState, SweepProgress
from memlab.sweeps.statistics import StepsToEvent, steps_to_event

PHASES = {"memorized": "train_accuracy>=0.99", "grokked": "val_accuracy>=0.99 after memorizing"}
"""The events that every run records, with their definitions."""
_EVENT = re.compile(r"\s*(\w+)\s*(>=|<=|>|<)\s*([-+.\deE]+)\s*")


@dataclass(frozen=True)
class Crossing:
    """The evaluations between which an event happened."""

    last_before: int
    step: int
    """of the evaluation that first showed it: what tables call the step of the event"""


@dataclass(frozen=True)
class Outcome:
    """A member that has a run, and what is known of it."""

    state: MemberState
    events: Mapping[str, Crossing | None]
    """by name; None = not reached up to `state.step`"""

    @property
    def seed(self) -> int:
        return self.state.member.seed


def outcomes(
    progress: SweepProgress, states: Iterable[MemberState], events: Sequence[str] = ()
) -> list[Outcome]:
    """The outcomes of members that made at least one step.

    Args:
        events: further events than those of `PHASES`, such as "val_accuracy>=0.95". They are
            searched for in all evaluations, which takes a few milliseconds a run.

    Raises:
        MemlabError: an event is not of that form.
    """
    conditions = {event: condition(event) for event in events}
    return [
        _outcome(progress.folder(state.member), state, conditions)
        for state in states
        if state.status and (state.step or state.final)
    ]


def condition(event: str) -> tuple[str, str, float]:
    """Measure, comparison and threshold of "val_accuracy>=0.95".

    Raises:
        MemlabError: it is not of that form.
    """
    match = _EVENT.fullmatch(event)
    try:
        if match:
            return match[1], match[2], float(match[3])
    except ValueError:
        pass
    raise MemlabError(
        "an event compares a measure with a number",
        where=event,
        hint="for example val_accuracy>=0.95, or memorized, or grokked",
    )


def _outcome(
    folder: RunFolder, state: MemberState, conditions: Mapping[str, tuple[str, str, float]]
) -> Outcome:
    known: Mapping[str, Any] = {
        "memorized_at": state.memorized_at, "grokked_at": state.grokked_at, "final": state.final,
    }  # fmt: skip
    if not state.final:  # no end.json tells of it: it is alive, or died
        known = end_summary(folder)
        state = replace(state, final=known["final"])
    found = {name: _phase(known[f"{name}_at"]) for name in PHASES}
    if conditions:
        evaluations = History(folder).until().evaluations
        found |= {name: first_crossing(evaluations, *c) for name, c in conditions.items()}
    return Outcome(state, found)


def _phase(known: Mapping[str, Any] | None) -> Crossing | None:
    return None if known is None else Crossing(int(known["from"]), int(known["to"]))


def first_crossing(
    evaluations: Mapping[str, Any], measure: str, comparison: str, threshold: float
) -> Crossing | None:
    """The first evaluation that fulfils a condition, and the last measured before it."""
    if measure not in evaluations:
        return None
    values = np.asarray(evaluations[measure], np.float64)
    steps = np.asarray(evaluations["step"])[~np.isnan(values)]
    values = values[~np.isnan(values)]
    compare = {">=": np.greater_equal, "<=": np.less_equal, ">": np.greater, "<": np.less}
    hits = np.flatnonzero(compare[comparison](values, threshold))
    if not len(hits):
        return None
    first = int(hits[0])
    return Crossing(int(steps[first - 1]) if first else 0, int(steps[first]))


def event_times(members: Sequence[Outcome], event: str) -> StepsToEvent:
    """When these members reached an event; those that did not are censored where they stand."""
    times, reached = [], []
    for one in members:
        crossing = one.events[event]
        times.append(one.state.step if crossing is None else crossing.step)
        reached.append(crossing is not None)
    return steps_to_event(times, reached)
