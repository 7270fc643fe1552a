"""The events of a run, merged across attempts and indexed by kind."""

from bisect import bisect_right
from collections import defaultdict
from typing import TypeVar, final

import numpy as np
from numpy.typing import NDArray

from memlab.record.events import Evaluated, Event

E = TypeVar("E", bound=Event)
Counts = dict[type[Event], int]


@final
class Timeline:
    """Events ordered by seq. It only grows, so a count per kind is an immutable view."""

    def __init__(self) -> None:
        self._events: dict[type[Event], list[Event]] = defaultdict(list)
        self._reached: dict[type[Event], list[int]] = defaultdict(list)
        self._prefixes: dict[type[Event], tuple[Event, ...]] = {}
        """the events of the kind that was requested last"""
        self._columns: dict[str, NDArray[np.float64]] = {}
        self.evaluated_names: dict[str, None] = {}

    def append(self, event: Event) -> None:
        for kind in (type(event), Event):
            reached = self._reached[kind]
            # Running maximum of the step, so that a cut by step is a prefix in seq order.
            reached.append(max(event.step, reached[-1] if reached else 0))
            self._events[kind].append(event)
        if isinstance(event, Evaluated):
            self.evaluated_names |= dict.fromkeys(event.values)

    def counts(self, until: int | None) -> Counts:
        """Number of events of each kind, now or as of step `until`."""
        if until is None:
            return {kind: len(events) for kind, events in self._events.items()}
        return {kind: bisect_right(reached, until) for kind, reached in self._reached.items()}

    def first(self, kind: type[E], counts: Counts) -> tuple[E, ...]:
        """The first `counts[kind]` events of a kind; of all kinds for `Event`."""
        count = counts.get(kind, 0)
        prefix = self._prefixes.get(kind, ())
        if len(prefix) != count:
            prefix = self._prefixes[kind] = tuple(self._events[kind][:count])
        return prefix  # type: ignore[return-value]

    def column(self, name: str, count: int) -> NDArray[np.float64]:
        """A value (or `step`) of the first `count` evaluations; NaN where it was not measured."""
        cached = self._columns.get(name)
        evaluations = self._events[Evaluated]
        if cached is None or len(cached) < count:
            cached = np.array([_value(event, name) for event in evaluations], np.float64)
            cached.flags.writeable = False
            self._columns[name] = cached
        return cached[:count]


def _value(event: Event, name: str) -> float:
    assert isinstance(event, Evaluated)
    return event.step if name == "step" else event.values.get(name, float("nan"))
