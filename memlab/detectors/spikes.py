"""Loss spikes: the loss leaves its base upwards by a factor of two and more, and comes back."""

import math
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np

from memlab.detectors.detector import Context, Detector
from memlab.detectors.evidence import BASE, CEILING, LOST, Evidence, Floats, Gauge, Rule, decades
from memlab.record.events import COLUMNS, Change, Edited, Evaluated, Event, Rows, Spike, SpikeOnset

QUIET = 10
"""steps in a row that make a recovery, or a loss that is lost"""
TOLERANCE = 0.1
"""decades above the base that count as recovered"""
LINGERING = 2000
"""steps without recovery after which a spike is closed as it is"""


@dataclass
class Open:
    """A spike that has begun. Heights and area in decades."""

    onset: int
    base: float
    z: float
    tolerance: float
    peak: float
    peak_step: int
    area: float = 0.0
    steps: int = 0
    quiet: int = 0
    """steps in a row back at the base"""
    calm: int = 0
    """steps in a row without a rise, well below the peak"""
    armed: bool = False
    """another rise would be another spike"""
    lost: int = 0
    """steps in a row that are not finite"""
    not_finite_at: int | None = None
    grad_base: float | None = None
    grad_peak: float = -math.inf
    grad_peak_step: int = 0

    def follow(self, step: int, y: float, base: float, scale: float) -> None:
        """Take in the next step."""
        self.steps += 1
        if y >= LOST:
            self.lost += 1
            self.not_finite_at = self.not_finite_at or step
        else:
            self.lost = 0
            self.area += y - self.base
            if y > self.peak or self.peak >= LOST:
                self.peak, self.peak_step = y, step
        self.quiet = self.quiet + 1 if y <= self.base + self.tolerance else 0
        below = self.peak - min(0.3, (self.peak - self.base) / 2)
        self.calm = self.calm + 1 if y <= base + scale and y <= below else 0
        self.armed = self.armed or self.calm >= QUIET

    def over(self) -> bool:
        """Whether it has recovered, is lost, or has lasted too long."""
        return self.quiet >= QUIET or self.lost >= QUIET or self.steps >= LINGERING


@dataclass
class Seen:
    """What an evaluation said that a spike's reader wants to know."""

    step: int
    accuracies: dict[str, float] = field(default_factory=dict)


class SpikeDetector(Detector):
    """Finds spikes in the loss of each step; forgets its base at planned changes and edits."""

    def __init__(self, context: Context, rule: Rule | None = None) -> None:
        self._chance = context.chance_loss
        self._gauge = Gauge(rule or Rule())
        self._open: Open | None = None
        self._grads: Floats = np.empty(0)
        self._seen: list[Seen] = []

    def see(self, event: Event) -> list[Event]:
        """Rows are judged, evaluations remembered; a change or an edit resets the base."""
        if isinstance(event, Rows):
            return self._rows(event)
        if isinstance(event, Evaluated):
            accuracies = {k: v for k, v in event.values.items() if k.endswith("_accuracy")}
            self._seen = [*self._seen[-1:], Seen(event.step, accuracies)]
        elif isinstance(event, Change | Edited):
            closed: list[Event] = [self._close(event.step)] if self._open else []
            self._gauge = Gauge(self._gauge.rule)
            return closed
        return []

    def _rows(self, rows: Rows) -> list[Event]:
        evidence = self._gauge.measure(decades(rows.values[:, COLUMNS.index("loss")]))
        grads = decades(rows.values[:, COLUMNS.index("grad_norm")])
        past = np.concatenate((self._grads, grads))
        self._grads = past[-BASE:]
        found: list[Event] = []
        fired = np.flatnonzero(evidence.fired)
        i = 0
        while i < len(evidence.y):
            if self._open is None:
                later = fired[fired >= i]
                if len(later) == 0:
                    break
                i = int(later[0])
            step = rows.first + i
            if evidence.fired[i] and (self._open is None or self._open.armed):
                if self._open is not None:
                    found.append(self._close(step, interrupted_by=step))
                before = past[: len(past) - len(grads) + i][-BASE:]
                self._open = opened(step, evidence, i, before)
                found.append(onset(self._open, rows.values[i, 0]))
            assert self._open is not None
            self._open.follow(
                step, float(evidence.y[i]), float(evidence.base[i]), float(evidence.scale[i])
            )
            if grads[i] > self._open.grad_peak:
                self._open.grad_peak, self._open.grad_peak_step = float(grads[i]), step
            if self._open.over():
                found.append(self._close(step))
            i += 1
        return found

    def _close(self, step: int, interrupted_by: int | None = None) -> Spike:
        """The open spike as an event."""
        spike = self._open
        assert spike is not None
        self._open = None
        recovered = spike.quiet >= QUIET
        peak = min(10.0**spike.peak, CEILING)
        diverged = spike.lost >= QUIET or (
            not recovered and self._chance is not None and peak > 1.5 * self._chance
        )
        lingering = spike.steps >= LINGERING
        label = "spike"
        if not recovered and interrupted_by is None:
            label = "divergence" if diverged else "lingering" if lingering else "spike"
        return Spike(
            step=step,
            onset=spike.onset,
            base=10.0**spike.base,
            peak=peak,
            peak_step=spike.peak_step,
            recovered_at=step - QUIET + 1 if recovered else None,
            label=label,
            details=self._details(spike, interrupted_by),
        )

    def _details(self, spike: Open, interrupted_by: int | None) -> dict[str, Any]:
        peak = min(10.0**spike.peak, CEILING)
        details: dict[str, Any] = {
            "height": spike.peak - spike.base,
            "area": spike.area,
            "z": spike.z,
        }
        if interrupted_by is not None:
            details["interrupted_by"] = interrupted_by
        if spike.not_finite_at is not None:
            details["not_finite_at"] = spike.not_finite_at
        if spike.grad_base is not None:
            details["grad_norm_ratio"] = 10.0 ** (spike.grad_peak - spike.grad_base)
            details["grad_norm_peak_step"] = spike.grad_peak_step
        if self._chance is not None:
            random = peak >= 0.9 * self._chance
            details["state"] = "random" if random else "partly confused"
        details["p_answer"] = math.exp(-peak)
        if self._seen:
            nearest = min(self._seen, key=lambda seen: abs(seen.step - spike.peak_step))
            details["evaluated_at"] = nearest.step
            details |= nearest.accuracies
        return details

    def state(self) -> dict[str, Any]:
        """The gauge's memory, the open spike, the last gradients and evaluations."""
        return {
            "gauge": self._gauge.state(),
            "open": asdict(self._open) if self._open else None,
            "grads": self._grads.tolist(),
            "seen": [asdict(seen) for seen in self._seen],
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Go on from a memory."""
        self._gauge.restore(state["gauge"])
        self._open = Open(**state["open"]) if state["open"] else None
        self._grads = np.array(state["grads"], dtype=np.float64)
        self._seen = [Seen(**seen) for seen in state["seen"]]


def opened(step: int, evidence: Evidence, i: int, grads: Floats) -> Open:
    """The spike that begins at row `i`."""
    y, scale = float(evidence.y[i]), float(evidence.scale[i])
    known = math.isfinite(scale)
    return Open(
        onset=step,
        base=float(evidence.base[i]),
        z=float(evidence.z[i]) if known else 0.0,
        tolerance=max(TOLERANCE, 2 * scale) if known else TOLERANCE,
        peak=y,
        peak_step=step,
        grad_base=float(np.median(grads)) if len(grads) else None,
        grad_peak=-40.0,
    )


def onset(spike: Open, value: float) -> SpikeOnset:
    """The onset as an event. A loss that is not finite is told by its place, not by its value."""
    shown = float(value) if math.isfinite(value) else CEILING
    return SpikeOnset(step=spike.onset, base=10.0**spike.base, value=shown, z=spike.z)
