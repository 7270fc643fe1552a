"""One spike from onset to end: height, duration and related events."""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from memlab.detectors.evidence import CEILING, LEAST_RISE, LOST, ROUNDING, ZERO
from memlab.detectors.noise import Floats
from memlab.record.events import Spike, SpikeOnset

LOOK_BACK = 10
"""steps before detection in which the onset is searched"""
IN_A_ROW = 10
"""steps in a row that make a recovery, a calm, or a loss that is lost"""
TOLERANCE = 0.1
"""decades above the base that count as recovered ..."""
SHARE = 0.15
"""... and so does this share of the spike's height: models seldom come back to the very place"""
SETTLED = 100
"""steps within the tolerance of one value that mean the loss stays where it is"""
LINGERING = 2000
"""steps without recovery after which a spike is closed as it stands"""
RANDOM = 0.9
"""share of the chance loss from which on answers are random"""


@dataclass
class OpenSpike:
    """A spike that has not closed. Heights, levels and area in decades."""

    onset: int
    """step at which it began"""
    noticed: int
    base: float
    tolerance: float
    """how far noise reaches"""
    z: float
    peak: float
    peak_step: int
    grad_base: float
    grad_peak: float
    grad_peak_step: int
    area: float = 0.0
    y: float = 0.0
    """where the loss is now"""
    quiet: int = 0
    """steps in a row at the level or below"""
    calm: int = 0
    """steps in a row well below the peak without a rise"""
    anchor: float = 0.0
    settled: int = 0
    """steps in a row whose surroundings lie within the tolerance of the anchor"""
    lost: int = 0
    """steps in a row that are not finite"""
    armed: bool = False
    """a further rise is another spike"""
    not_finite_at: int | None = None

    def climb(self, step: int, y: float, grad: float) -> None:
        """Take in the height of the next step."""
        self.y = y
        if y < LOST:
            self.area += y - self.base
            if y > self.peak or self.peak >= LOST:
                self.peak, self.peak_step = y, step
        elif self.not_finite_at is None:
            self.not_finite_at = step
        if grad > self.grad_peak:
            self.grad_peak, self.grad_peak_step = grad, step

    def settle(self, base: float, scale: float) -> None:
        """See whether the step just taken in is a return; `base` and `scale` are those around it."""
        self.lost = self.lost + 1 if self.y >= LOST else 0
        height = self.peak - self.base
        level = ROUNDING if self.base <= ZERO else self.base + max(self.tolerance, SHARE * height)
        self.quiet = self.quiet + 1 if self.y <= level else 0
        below = self.peak - min(0.3, height / 2)
        self.calm = self.calm + 1 if self.y <= min(base + 2 * scale, below) else 0
        self.armed = self.armed or self.calm >= IN_A_ROW
        near = abs(base - self.anchor) <= self.tolerance
        self.anchor, self.settled = (self.anchor, self.settled + 1) if near else (base, 0)

    def over(self, step: int) -> bool:
        """Whether it has recovered, is lost, stays where it is, or has lasted too long."""
        stays = self.settled >= SETTLED or step - self.onset >= LINGERING
        return self.quiet >= IN_A_ROW or self.lost >= IN_A_ROW or stays

    def noticing(self, value: float) -> SpikeOnset:
        """The event of its being noticed, at a loss of `value` nats."""
        finite_value = value if math.isfinite(value) else CEILING
        return SpikeOnset(
            step=self.onset,
            base=linear(self.base),
            value=finite_value,
            z=self.z,
            noticed=self.noticed,
        )

    def closing(self, step: int, chance: float | None, ended_by: str | None = None) -> Spike:
        """The event of its end. `ended_by`: what cut it short before it had recovered."""
        recovered = self.quiet >= IN_A_ROW
        details: dict[str, Any] = {
            "height": self.peak - self.base,
            "area": self.area,
            "z": self.z,
            "noticed": self.noticed,
            "grad_norm_ratio": 10.0 ** min(self.grad_peak - self.grad_base, LOST),
            "grad_norm_peak_step": self.grad_peak_step,
        }
        if self.not_finite_at is not None:
            details["not_finite_at"] = self.not_finite_at
        if ended_by is not None:
            details["ended_by"] = ended_by
        elif not recovered and not self.lost:
            details["settled_at"] = linear(self.y)
        return Spike(
            step=step,
            onset=self.onset,
            base=linear(self.base),
            peak=linear(self.peak),
            peak_step=self.peak_step,
            recovered_at=step - IN_A_ROW + 1 if recovered else None,
            label="spike" if recovered or ended_by else self._unrecovered(chance),
            details=details | nearness(linear(self.peak), chance),
        )

    def _unrecovered(self, chance: float | None) -> str:
        """What an end without recovery means: worse than random is divergence."""
        worse = chance is not None and linear(self.y) > chance
        return "divergence" if self.lost or worse else "lingering"


def begin(step: int, past: Floats, base: float, scale: float, z: float) -> OpenSpike:
    """The spike noticed at `step`, the last of the steps given; it began where it left its base.

    Args:
        step: where it was noticed.
        past: (2, step) decades of loss and gradient norm, up to that step.
        base: where the loss was before.
        scale: of the noise; infinite if unknown.
        z: rise in scales.
    """
    y, grads = past
    known = math.isfinite(scale)
    tolerance = max(TOLERANCE, 2 * scale) if known else TOLERANCE
    back = 0
    while (
        back < min(LOOK_BACK, len(y) - 1) and y[-2 - back] > base + LEAST_RISE / 3 + tolerance / 2
    ):
        back += 1
    first = len(y) - 1 - back
    episode = OpenSpike(
        onset=step - back,
        noticed=step,
        base=base,
        tolerance=tolerance,
        z=z if known else 0.0,
        peak=float(y[first]),
        peak_step=step - back,
        grad_base=float(np.median(grads[:first])) if first else float(grads[first]),
        grad_peak=float(grads[first]),
        grad_peak_step=step - back,
    )
    for i in range(first, len(y) - 1):
        episode.climb(step - len(y) + 1 + i, float(y[i]), float(grads[i]))
    return episode


def nearness(peak: float, chance: float | None) -> dict[str, Any]:
    """What a loss of `peak` nats means for the answers."""
    details: dict[str, Any] = {"p_answer": math.exp(-peak)}
    if chance is not None:
        details["answers"] = "random" if peak >= RANDOM * chance else "partly confused"
    return details


def linear(decades: float) -> float:
    """Nats of a loss in decades; a floor is zero, a ceiling the largest float32."""
    return 0.0 if decades <= ZERO else min(10.0**decades, CEILING)
