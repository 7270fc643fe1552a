"""Loss spikes: the loss leaves its base upwards by a factor of two and more, and comes back.

Steps whose loss is not finite are gaps. They tell nothing of height: base, noise, peaks and
recoveries are those of the finite steps around them. A series that ends in a gap has diverged.
"""

from dataclasses import asdict, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from memlab.detectors.detector import COMPLETE, Context, Detector
from memlab.detectors.evidence import BASE, Evidence, Gauge, Rise, SpikeRule, decades, heights
from memlab.detectors.gaps import GapTracker
from memlab.detectors.noise import Floats
from memlab.detectors.open_spike import LOOK_BACK, OpenSpike, begin
from memlab.record.events import (
    COLUMNS,
    Change,
    Edited,
    Ended,
    Evaluated,
    Event,
    Rows,
    Spike,
    SpikeOnset,
)

LOSS, GRAD_NORM = COLUMNS.index("loss"), COLUMNS.index("grad_norm")
PAST = BASE + LOOK_BACK
"""steps that are remembered, so that a spike's beginning can be looked up"""
NEGATIVE = -1e-6
"""nats: a loss below it is no rounding of zero, so its series is not positive"""


class SpikeDetector(Detector):
    """Finds spikes in the loss of each step: `spike_onset` at once, `spike` when it has closed.

    One spike is open at a time, and both events name the same onset. The base is forgotten at
    planned changes and edits: what they cause is no spike. A loss that becomes negative is judged
    on a linear scale from there on.
    """

    def __init__(
        self, context: Context, rule: SpikeRule | None = None, linear: bool = False
    ) -> None:
        self._chance = context.chance_loss
        self._gauge = Gauge(rule or SpikeRule(), linear)
        self._past: Floats = np.empty((2, 0))
        """heights of the loss and decades of the gradient norm, the last `PAST` steps"""
        self._open: OpenSpike | None = None
        self._gaps = GapTracker()
        self._evaluations: list[tuple[int, dict[str, float]]] = []
        """step and accuracies of the last two"""

    def see(self, event: Event) -> list[Event]:
        """Rows are judged, evaluations remembered; a change or an edit resets the base."""
        if isinstance(event, Rows):
            return self._rows(event)
        if isinstance(event, Evaluated):
            accuracies = {k: v for k, v in event.values.items() if k.endswith("_accuracy")}
            self._evaluations = [*self._evaluations[-1:], (event.step, accuracies)]
        elif isinstance(event, Change | Edited):
            return self._reset(event.step, event.kind, self._gauge.linear)
        elif isinstance(event, Ended) and event.reason in COMPLETE:
            return self._end(event.step)
        return []

    def _reset(self, step: int, reason: str, linear: bool) -> list[Event]:
        """Forget the base; a spike that is open ends."""
        found: list[Event] = [self._close(step, reason)] if self._open else []
        self._gauge, self._past = Gauge(self._gauge.rule, linear), np.empty((2, 0))
        return found

    def _rows(self, rows: Rows) -> list[Event]:
        """Judge a block; where its loss first becomes negative, another scale begins."""
        loss = rows.values[:, LOSS]
        below = np.flatnonzero(np.isfinite(loss) & (loss < NEGATIVE))
        if self._gauge.linear or not len(below):
            return self._block(rows.first, rows.values)
        cut = int(below[0])
        found = self._block(rows.first, rows.values[:cut]) if cut else []
        found += self._reset(rows.first + cut, "negative", linear=True)
        return found + self._block(rows.first + cut, rows.values[cut:])

    def _block(self, first: int, values: NDArray[Any]) -> list[Event]:
        """It jumps from spike to spike, and walks through each."""
        loss = values[:, LOSS]
        now = np.stack([heights(loss, self._gauge.linear), decades(values[:, GRAD_NORM])])
        past = np.concatenate((self._past, now), axis=1)
        self._past = past[:, -PAST:]
        evidence = self._measure(now[0])
        fired = np.flatnonzero(evidence.fired)
        found: list[Event] = list(self._gaps.see(first, loss))
        gaps = len(found)
        i = 0
        while i < now.shape[1]:
            if self._open is None:
                later = fired[np.searchsorted(fired, i) :]
                if len(later) == 0:
                    break
                i = int(later[0])
            if evidence.fired[i] and (self._open is None or self._open.armed):
                before = past[:, : past.shape[1] - now.shape[1] + i + 1][:, -PAST:]
                found += self._begin(first + i, float(loss[i]), evidence.at(i), before)
            found += self._follow(first + i, i, evidence, float(now[1, i]))
            i += 1
        return sorted(found, key=_reported_at) if gaps else found

    def _measure(self, y: Floats) -> Evidence:
        """The evidence of finite steps; nothing is known of the others."""
        there = np.isfinite(y)
        if there.all():
            return self._gauge.measure(y)
        return self._gauge.measure(y[there]).spread(there)

    def _begin(self, step: int, value: float, rise: Rise, past: Floats) -> list[Event]:
        """A spike is noticed at a step; one that is still open ends here."""
        found: list[Event] = [self._close(step, "spike")] if self._open else []
        self._open = begin(step, past, rise, self._gauge.linear)
        return [*found, self._open.noticing(value)]

    def _follow(self, step: int, i: int, evidence: Evidence, grad: float) -> list[Event]:
        """Row `i` lies within a spike; perhaps it ends it."""
        assert self._open is not None
        self._open.climb(step, float(evidence.y[i]), grad)
        if np.isfinite(evidence.y[i]):
            self._open.settle(float(evidence.base[i]), float(evidence.scale[i]))
            if self._open.over(step):
                return [self._close(step)]
        return []

    def _end(self, step: int) -> list[Event]:
        """The series is complete: a gap at its end is a divergence."""
        gap = self._gaps.end()
        if gap is None or not len(self._gauge.y):
            return [gap] if gap else []
        if self._open is None:
            base, last = float(np.median(self._gauge.y)), float(self._gauge.y[-1])
            past = np.array([[max(base, last)], [0.0]])
            rise = Rise(base, self._gauge.noise.scale, 0.0)
            self._open = begin(gap.first, past, rise, self._gauge.linear)
            self._open.not_finite_at = gap.first
        return [gap, self._close(step, lost=True)]

    def _close(self, step: int, ended_by: str | None = None, lost: bool = False) -> Spike:
        assert self._open is not None
        spike = self._open.closing(step, self._chance, ended_by, lost)
        self._open = None
        if not self._evaluations:
            return spike
        at, accuracies = min(self._evaluations, key=lambda seen: abs(seen[0] - spike.peak_step))
        return replace(spike, details=spike.details | {"evaluated_at": at} | accuracies)

    def state(self) -> dict[str, Any]:
        """The gauge's memory, the last steps, the open spike and gap, the last evaluations."""
        return {
            "gauge": self._gauge.state(),
            "past": [
                [None if np.isnan(value) else value for value in row] for row in self._past.tolist()
            ],
            "open": asdict(self._open) if self._open else None,
            "gap": self._gaps.state(),
            "evaluations": [list(seen) for seen in self._evaluations],
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Continue from a saved state."""
        self._gauge.restore(state["gauge"])
        self._past = np.array(state["past"], dtype=np.float64).reshape(2, -1)
        saved = dict(state["open"]) if state["open"] else None
        if saved is not None:
            saved.pop("lost", None)  # of checkpoints that took what is not finite for a height
        self._open = OpenSpike(**saved) if saved else None
        self._gaps.restore(state.get("gap"))
        self._evaluations = [(step, dict(values)) for step, values in state["evaluations"]]


def _reported_at(event: Event) -> int:
    """The step at which an event is known."""
    noticed = event.noticed if isinstance(event, SpikeOnset) else None
    return event.step if noticed is None else noticed
