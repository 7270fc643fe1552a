"""The outcome of each member: its steps to events and its final values."""

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
"""The events that every run records, and their definitions."""
_EVENT = re.compile(r"\s*(\w+)\s*(>=|<=|>|<)\s*([-+.\deE]+)\s*")


@dataclass(frozen=True)
class Crossing:
    """The two evaluations between which an event happened."""

    last_before: int
    """step of the last evaluation before the event"""
    step: int
    """step of the first evaluation that shows the event; tables give this step"""


@dataclass(frozen=True)
class Outcome:
    """A member that has trained, and its events."""

    state: MemberState
    events: Mapping[str, Crossing | None]
    """by name; None = not reached up to `state.step`"""

    @property
    def seed(self) -> int:
        return self.state.member.seed


def outcomes(
    progress: SweepProgress, states: Iterable[MemberState], events: Sequence[str] = ()
) -> list[Outcome]:
    """The outcomes of members that have trained at least one step.

    Args:
        events: events in addition to `PHASES`, such as "val_accuracy>=0.95". Each costs a few
            milliseconds per run, since all evaluations are read.

    Raises:
        MemlabError: an event has another form.
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
        MemlabError: `event` has another form.
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
    if not state.final:  # there is no end.json: the run is alive, or its process died
        known = end_summary(folder)
        state = replace(state, final=known["final"])
    crossings = {name: _phase(known[f"{name}_at"]) for name in PHASES}
    if conditions:
        evaluations = History(folder).until().evaluations
        crossings |= {name: first_crossing(evaluations, *c) for name, c in conditions.items()}
    return Outcome(state, crossings)


def _phase(steps: Mapping[str, Any] | None) -> Crossing | None:
    return None if steps is None else Crossing(int(steps["from"]), int(steps["to"]))


def first_crossing(
    evaluations: Mapping[str, Any], measure: str, comparison: str, threshold: float
) -> Crossing | None:
    """The first evaluation that satisfies a condition, and the one before it."""
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
    """Steps to an event over members; members without it are censored at their last step."""
    times, reached = [], []
    for outcome in members:
        crossing = outcome.events[event]
        times.append(outcome.state.step if crossing is None else crossing.step)
        reached.append(crossing is not None)
    return steps_to_event(times, reached)
