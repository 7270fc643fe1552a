"""Measures that claims refer to: evaluation results and event counts of a run.

val_loss, train_digits, ...      the measure of that name in the evaluations
val_accuracy_add                 one task of a mixture, or one group of examples
spikes, spike_peak               number of loss spikes so far, and their highest peak
grok_ratio                       step of generalization / step of memorization
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from memlab.record.events import Evaluated
from memlab.record.measure import Measure
from memlab.record.snapshot import Snapshot

FINAL_EVALUATIONS = 5
"""The value at the end is the median of this many final evaluations."""


@dataclass(frozen=True)
class Curve:
    """Values of a measure by step."""

    steps: NDArray[np.int64]
    values: NDArray[np.float64]
    cumulative: bool = False
    """True for counts and maxima so far; False for values with noise"""

    def last(self) -> float:
        """The last value, or the median of the final evaluations; requires at least one value."""
        if self.cumulative:
            return float(self.values[-1])
        return float(np.median(self.values[-FINAL_EVALUATIONS:]))


def curve(run: Snapshot, name: str) -> Curve:
    """The measure `name` over the run; empty if it was never recorded."""
    if name in EVENT_MEASURES:
        return _curve(EVENT_MEASURES[name].points(run), cumulative=True)
    measured: dict[int, float] = {}
    for event in run.of(Evaluated):
        value = _value(event, name)
        if value is not None:
            measured[event.step] = value
    return _curve(list(measured.items()), cumulative=False)


def _curve(points: Sequence[tuple[int, float]], cumulative: bool) -> Curve:
    steps = np.array([step for step, _ in points], np.int64)
    return Curve(steps, np.array([value for _, value in points], np.float64), cumulative)


def _value(event: Evaluated, name: str) -> float | None:
    if name in event.values:
        return event.values[name]
    for group, values in event.groups.items():
        measure = name.removesuffix(f"_{group}")
        if measure != name and measure in values:
            return values[measure]
    return None


def _spikes(run: Snapshot) -> list[tuple[int, float]]:
    return [(0, 0.0), *((spike.step, i) for i, spike in enumerate(run.spikes, start=1))]


def _spike_peak(run: Snapshot) -> list[tuple[int, float]]:
    highest = np.maximum.accumulate([0.0, *(spike.peak for spike in run.spikes)])
    return [(step, float(peak)) for (step, _), peak in zip(_spikes(run), highest, strict=True)]


def _grok_ratio(run: Snapshot) -> list[tuple[int, float]]:
    memorized, grokked = run.memorized_at, run.grokked_at
    if memorized is None or grokked is None:
        return [(run.last_step, float("nan"))]
    return [(grokked["to"], grokked["to"] / memorized["to"])]


@dataclass(frozen=True)
class EventMeasure:
    """A measure computed from the events of a run."""

    declared: Measure
    points: Callable[[Snapshot], list[tuple[int, float]]]
    """gives (step, value) pairs in the order of steps"""


EVENT_MEASURES = {
    measure.declared.name: measure
    for measure in (
        EventMeasure(
            Measure("spikes", "Number of loss spikes that have closed.", "spikes", 0.0), _spikes
        ),
        EventMeasure(
            Measure(
                "spike_peak", "Highest peak of the closed loss spikes.", "nats", 0.0, None, "log"
            ),
            _spike_peak,
        ),
        EventMeasure(
            Measure(
                "grok_ratio", "Step of generalization divided by step of memorization.", "1", 0.0
            ),
            _grok_ratio,
        ),
    )
}
"""Measures computed from events, by name."""
