"""Loss spikes: the loss rises above its base by a factor of two or more, and returns.

Steps whose loss is not finite are gaps. They do not count for heights: base, noise, peaks and
recoveries are computed from finite steps. A series that ends in a gap has diverged.
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
"""number of past steps that are stored to find the onset of a spike"""
NEGATIVE = -1e-6
"""nats: a loss below it is not a rounding error of zero, so the series is not positive"""


class SpikeDetector(Detector):
    """Detects spikes in the per-step loss: `spike_onset` at once, `spike` when it has closed.

    One spike is open at a time, and both events name the same onset. The base is reset at
    planned changes and edits, whose effects are not spikes. A loss that becomes negative is
    treated on a linear scale from there on.
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
        """Judges rows, stores evaluations; a change or an edit resets the base."""
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
        """Forget the base; an open spike ends."""
        events: list[Event] = [self._close(step, reason)] if self._open else []
        self._gauge, self._past = Gauge(self._gauge.rule, linear), np.empty((2, 0))
        return events

    def _rows(self, rows: Rows) -> list[Event]:
        """Judge a block; the scale becomes linear where the loss first is negative."""
        loss = rows.values[:, LOSS]
        below = np.flatnonzero(np.isfinite(loss) & (loss < NEGATIVE))
        if self._gauge.linear or not len(below):
            return self._block(rows.first, rows.values)
        cut = int(below[0])
        events = self._block(rows.first, rows.values[:cut]) if cut else []
        events += self._reset(rows.first + cut, "negative", linear=True)
        return events + self._block(rows.first + cut, rows.values[cut:])

    def _block(self, first: int, values: NDArray[Any]) -> list[Event]:
        """Vectorized between spikes, step by step within each."""
        loss = values[:, LOSS]
        # (2, step): this block, and this block after the stored steps
        now = np.stack([heights(loss, self._gauge.linear), decades(values[:, GRAD_NORM])])
        past = np.concatenate((self._past, now), axis=1)
        self._past = past[:, -PAST:]
        evidence = self._measure(now[0])
        fired = np.flatnonzero(evidence.fired)
        events: list[Event] = list(self._gaps.see(first, loss))
        n_gaps = len(events)
        i = 0
        while i < now.shape[1]:
            if self._open is None:
                later = fired[np.searchsorted(fired, i) :]
                if len(later) == 0:
                    break
                i = int(later[0])
            if evidence.fired[i] and (self._open is None or self._open.armed):
                before = past[:, : past.shape[1] - now.shape[1] + i + 1][:, -PAST:]
                events += self._begin(first + i, float(loss[i]), evidence.at(i), before)
            events += self._follow(first + i, i, evidence, float(now[1, i]))
            i += 1
        return sorted(events, key=_reported_at) if n_gaps else events

    def _measure(self, y: Floats) -> Evidence:
        """The evidence of finite steps; NaN at the others."""
        is_finite = np.isfinite(y)
        if is_finite.all():
            return self._gauge.measure(y)
        return self._gauge.measure(y[is_finite]).spread(is_finite)

    def _begin(self, step: int, value: float, rise: Rise, past: Floats) -> list[Event]:
        """Open a spike at a step; one that is still open ends here."""
        events: list[Event] = [self._close(step, "spike")] if self._open else []
        self._open = begin(step, past, rise, self._gauge.linear)
        return [*events, self._open.onset_event(value)]

    def _follow(self, step: int, i: int, evidence: Evidence, grad: float) -> list[Event]:
        """Add row `i` to the open spike, which may end it."""
        assert self._open is not None
        self._open.climb(step, float(evidence.y[i]), grad)
        if np.isfinite(evidence.y[i]):
            self._open.settle(float(evidence.base[i]), float(evidence.scale[i]))
            if self._open.has_ended(step):
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
        spike = self._open.closing_event(step, self._chance, ended_by, lost)
        self._open = None
        if not self._evaluations:
            return spike
        at, accuracies = min(self._evaluations, key=lambda seen: abs(seen[0] - spike.peak_step))
        return replace(spike, details=spike.details | {"evaluated_at": at} | accuracies)

    def state(self) -> dict[str, Any]:
        """The gauge's state, the last steps, the open spike and gap, the last evaluations."""
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
        self._gauge.restore(state["gauge"])
        self._past = np.array(state["past"], dtype=np.float64).reshape(2, -1)
        saved = dict(state["open"]) if state["open"] else None
        if saved is not None:
            saved.pop(
                "lost", None
            )  # in checkpoints of versions that treated non-finite values as heights
        self._open = OpenSpike(**saved) if saved else None
        self._gaps.restore(state.get("gap"))
        self._evaluations = [(step, dict(values)) for step, values in state["evaluations"]]


def _reported_at(event: Event) -> int:
    """The step at which an event becomes known."""
    noticed = event.noticed if isinstance(event, SpikeOnset) else None
    return event.step if noticed is None else noticed
