"""Loss spikes: the loss rises above its base by a factor of two or more."""

from dataclasses import asdict, replace
from typing import Any

import numpy as np

from memlab.detectors.detector import Context, Detector
from memlab.detectors.evidence import BASE, Evidence, Gauge, SpikeRule, decades
from memlab.detectors.noise import Floats
from memlab.detectors.open_spike import LOOK_BACK, OpenSpike, begin
from memlab.record.events import COLUMNS, Change, Edited, Evaluated, Event, Rows, Spike

LOSS, GRAD_NORM = COLUMNS.index("loss"), COLUMNS.index("grad_norm")
PAST = BASE + LOOK_BACK
"""steps that are remembered, so that a spike's beginning can be looked up"""


class SpikeDetector(Detector):
    """Finds spikes in the loss of each step: `spike_onset` at once, `spike` when it has closed.

    One spike is open at a time, and both events name the same onset. The base is forgotten at
    planned changes and edits: what they cause is no spike.
    """

    def __init__(self, context: Context, rule: SpikeRule | None = None) -> None:
        self._chance = context.chance_loss
        self._gauge = Gauge(rule or SpikeRule())
        self._past: Floats = np.empty((2, 0))
        """decades of loss and gradient norm, the last `PAST` steps"""
        self._open: OpenSpike | None = None
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
            events: list[Event] = [self._close(event.step, event.kind)] if self._open else []
            self._gauge, self._past = Gauge(self._gauge.rule), np.empty((2, 0))
            return events
        return []

    def _rows(self, rows: Rows) -> list[Event]:
        """Judge a block: it jumps from spike to spike, and walks through each."""
        now = decades(rows.values[:, [LOSS, GRAD_NORM]].T)
        past = np.concatenate((self._past, now), axis=1)
        self._past = past[:, -PAST:]
        evidence = self._gauge.measure(now[0])
        fired = np.flatnonzero(evidence.fired)
        events: list[Event] = []
        i = 0
        while i < now.shape[1]:
            if self._open is None:
                later = fired[np.searchsorted(fired, i) :]
                if len(later) == 0:
                    break
                i = int(later[0])
            if evidence.fired[i] and (self._open is None or self._open.armed):
                before = past[:, : past.shape[1] - now.shape[1] + i + 1][:, -PAST:]
                events += self._begin(rows, i, evidence, before)
            events += self._follow(rows.first + i, i, evidence, float(now[1, i]))
            i += 1
        return events

    def _begin(self, rows: Rows, i: int, evidence: Evidence, past: Floats) -> list[Event]:
        """A spike is detected at row `i`; a spike that is still open ends here."""
        step = rows.first + i
        events: list[Event] = [self._close(step, "spike")] if self._open else []
        base, scale, z = evidence.base[i], evidence.scale[i], evidence.z[i]
        self._open = begin(step, past, float(base), float(scale), float(z))
        return [*events, self._open.noticing(float(rows.values[i, LOSS]))]

    def _follow(self, step: int, i: int, evidence: Evidence, grad: float) -> list[Event]:
        """Row `i` lies within a spike; perhaps it ends it."""
        assert self._open is not None
        self._open.climb(step, float(evidence.y[i]), grad)
        self._open.settle(float(evidence.base[i]), float(evidence.scale[i]))
        return [self._close(step)] if self._open.over(step) else []

    def _close(self, step: int, ended_by: str | None = None) -> Spike:
        assert self._open is not None
        spike = self._open.closing(step, self._chance, ended_by)
        self._open = None
        if not self._evaluations:
            return spike
        at, accuracies = min(self._evaluations, key=lambda seen: abs(seen[0] - spike.peak_step))
        return replace(spike, details=spike.details | {"evaluated_at": at} | accuracies)

    def state(self) -> dict[str, Any]:
        """The gauge's memory, the last steps, the open spike, the last evaluations."""
        return {
            "gauge": self._gauge.state(),
            "past": self._past.tolist(),
            "open": asdict(self._open) if self._open else None,
            "evaluations": [list(seen) for seen in self._evaluations],
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Continue from a saved state."""
        self._gauge.restore(state["gauge"])
        self._past = np.array(state["past"], dtype=np.float64).reshape(2, -1)
        self._open = OpenSpike(**state["open"]) if state["open"] else None
        self._evaluations = [(step, dict(values)) for step, values in state["evaluations"]]
