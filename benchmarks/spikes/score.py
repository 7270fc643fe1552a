"""Compares the alarms of a rule with the known spikes of a curve."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike, NDArray

from benchmarks.spikes.baselines import BASELINES
from benchmarks.spikes.curves import Curve
from memlab.detectors.detector import Context
from memlab.detectors.evidence import SpikeRule
from memlab.detectors.spikes import SpikeDetector
from memlab.record.events import COLUMNS, Change, Rows, SpikeOnset

IN_TIME = 25
"""maximum number of steps after the rise of a spike for a hit"""
TAIL = 4
"""decay times until the end of a spike; alarms before it are not false positives"""
APART = 25
"""minimum number of steps without a flag between two alarms"""


@dataclass
class Score:
    """Counts over many curves."""

    steps: int = 0
    spikes: int = 0
    hits: int = 0
    false: int = 0
    latencies: list[int] = field(default_factory=list)

    def add(self, other: "Score") -> None:
        self.steps += other.steps
        self.spikes += other.spikes
        self.hits += other.hits
        self.false += other.false
        self.latencies += other.latencies

    @property
    def recall(self) -> float:
        """Fraction of the spikes that were detected in time."""
        return self.hits / self.spikes if self.spikes else float("nan")

    @property
    def precision(self) -> float:
        """Fraction of the alarms that belong to a spike."""
        alarms = self.hits + self.false
        return self.hits / alarms if alarms else float("nan")

    @property
    def per_10_000(self) -> float:
        """False positives per 10,000 steps."""
        return 1e4 * self.false / self.steps if self.steps else float("nan")

    def latency(self, quantile: float) -> float:
        """A quantile of the steps from the first raised step of a spike to its detection."""
        return float(np.quantile(self.latencies, quantile)) if self.latencies else float("nan")


def rows_of(loss: ArrayLike, first: int = 1, grad: ArrayLike = 1.0) -> Rows:
    """Losses (step,) as rows from step `first` on."""
    column = np.asarray(loss, dtype=np.float32)
    values = np.ones((len(column), len(COLUMNS)), np.float32)
    values[:, COLUMNS.index("loss")], values[:, COLUMNS.index("grad_norm")] = column, grad
    return Rows(step=first + len(column) - 1, values=values)


def memlab_onsets(curve: Curve, rule: SpikeRule | None = None) -> NDArray[np.intp]:
    """Indices at which memlab detects a spike."""
    detector = SpikeDetector(Context(), rule)
    detected: list[int] = []
    start = 0
    for stop in (*curve.changes, len(curve.loss)):
        if start:
            detector.see(Change(step=start, what="planned"))
        for event in detector.see(rows_of(curve.loss[start:stop], start + 1)):
            if isinstance(event, SpikeOnset) and event.noticed is not None:
                detected.append(event.noticed - 1)
        start = stop
    return np.array(detected, dtype=np.intp)


def baseline_flags(curve: Curve, name: str) -> NDArray[np.intp]:
    """Indices that a baseline flags, and the first step of every non-finite part of the curve."""
    loss = curve.loss.astype(np.float64)
    with np.errstate(all="ignore"):
        flags = BASELINES[name](loss)
    non_finite = ~np.isfinite(loss)
    return np.flatnonzero(flags | (non_finite & ~np.roll(non_finite, 1)))


def score(curve: Curve, flags: NDArray[np.intp]) -> Score:
    """Hits, false alarms and latencies of one curve.

    Any flag in time is a hit, and flags close together are one alarm, in favour of rules that flag every
    step of a spike.
    """
    result = Score(steps=len(curve.loss), spikes=len(curve.labels))
    false = np.ones(len(flags), bool)
    for label in curve.labels:
        inside = flags[(flags >= label.start) & (flags <= label.start + label.rise + IN_TIME)]
        if len(inside):
            result.hits += 1
            result.latencies.append(int(inside[0]) - label.start)
        end = label.start + label.rise + TAIL * label.tau
        false &= (flags < label.start) | (flags > end)
    result.false = alarms(flags[false])
    return result


def alarms(flags: NDArray[np.intp]) -> int:
    """Number of alarms: flags close together count once."""
    return int((np.diff(flags, prepend=-2 * APART) > APART).sum())


def total(scores: Sequence[Score]) -> Score:
    """The sum of several scores."""
    result = Score()
    for part in scores:
        result.add(part)
    return result
