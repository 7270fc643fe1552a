"""One spike from onset to end: height, duration and related events."""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from memlab.detectors.evidence import ROUNDING, ZERO, Rise, least_rise
from memlab.detectors.noise import Floats
from memlab.record.events import Spike, SpikeOnset

LOOK_BACK = 10
"""steps before detection in which the onset is searched"""
IN_A_ROW = 10
"""consecutive steps that count as a recovery or a calm period"""
TOLERANCE = 0.1
"""decades above the base that count as recovered ..."""
SHARE = 0.15
"""... and so does this share of the spike's height: the loss seldom returns exactly to its base"""
SETTLED = 100
"""steps within the tolerance of one value after which the loss counts as settled"""
LINGERING = 2000
"""steps without recovery after which a spike is closed"""
LARGEST_RATIO = 38.0
"""decades: the range of float32"""
RANDOM = 0.9
"""share of the chance loss above which answers count as random"""


@dataclass
class OpenSpike:
    """A spike that has not closed.

    Heights, levels and area are in decades, or in the unit of a series on a linear scale.
    """

    onset: int
    """step at which it began"""
    noticed: int
    base: float
    tolerance: float
    """deviation from the base that is attributed to noise"""
    z: float
    peak: float
    peak_step: int
    grad_base: float
    grad_peak: float
    grad_peak_step: int
    area: float = 0.0
    y: float = 0.0
    """the current height of the loss"""
    quiet: int = 0
    """consecutive steps at or below the recovery level"""
    calm: int = 0
    """consecutive steps well below the peak without a rise"""
    anchor: float = 0.0
    settled: int = 0
    """consecutive steps whose base lies within the tolerance of the anchor"""
    armed: bool = False
    """whether another rise starts a new spike"""
    not_finite_at: int | None = None
    linear: bool = False
    noise: float = 0.0
    """standard deviation of the noise at detection"""

    def climb(self, step: int, y: float, grad: float) -> None:
        """Add the height of the next step; NaN where it is not finite."""
        if grad > self.grad_peak:
            self.grad_peak, self.grad_peak_step = grad, step
        if math.isnan(y):
            self.not_finite_at = step if self.not_finite_at is None else self.not_finite_at
            return
        self.y = y
        self.area += y - self.base
        if y > self.peak:
            self.peak, self.peak_step = y, step

    def settle(self, base: float, scale: float) -> None:
        """Check whether the step just added is a return; `base` and `scale` are those around it."""
        height = self.peak - self.base
        level = self.base + max(self.tolerance, SHARE * height)
        if self.base <= ZERO and not self.linear:
            level = ROUNDING
        self.quiet = self.quiet + 1 if self.y <= level else 0
        below = self.peak - (height / 2 if self.linear else min(0.3, height / 2))
        self.calm = self.calm + 1 if self.y <= min(base + 2 * scale, below) else 0
        self.armed = self.armed or self.calm >= IN_A_ROW
        near = abs(base - self.anchor) <= self.tolerance
        self.anchor, self.settled = (self.anchor, self.settled + 1) if near else (base, 0)

    def has_ended(self, step: int) -> bool:
        """Whether it has recovered, has settled at its level, or has lasted too long."""
        settled = self.settled >= SETTLED or step - self.onset >= LINGERING
        return self.quiet >= IN_A_ROW or settled

    def onset_event(self, value: float) -> SpikeOnset:
        """The onset event, at a loss of `value` nats."""
        base = self._value(self.base)
        return SpikeOnset(step=self.onset, base=base, value=value, z=self.z, noticed=self.noticed)

    def closing_event(
        self, step: int, chance: float | None, ended_by: str | None = None, lost: bool = False
    ) -> Spike:
        """The event that closes the spike.

        Args:
            step: where it ends.
            chance: chance loss, nats.
            ended_by: what ended it before it had recovered.
            lost: the series ends here and its last values are not finite.
        """
        recovered = self.quiet >= IN_A_ROW
        details: dict[str, Any] = {
            "height": self.peak - self.base,
            "area": self.area,
            "z": self.z,
            "noticed": self.noticed,
            "grad_norm_ratio": 10.0 ** min(self.grad_peak - self.grad_base, LARGEST_RATIO),
            "grad_norm_peak_step": self.grad_peak_step,
        }
        if self.not_finite_at is not None:
            details["not_finite_at"] = self.not_finite_at
        if ended_by is not None:
            details["ended_by"] = ended_by
        elif not recovered and not lost:
            details["settled_at"] = self._value(self.y)
        if self.linear:
            details |= {"scale": "linear", "noise": self.noise}
        else:
            details |= nearness(self._value(self.peak), chance)
        worse = lost or (chance is not None and self._value(self.y) > chance)
        unrecovered = "divergence" if worse else "lingering"
        return Spike(
            step=step,
            onset=self.onset,
            base=self._value(self.base),
            peak=self._value(self.peak),
            peak_step=self.peak_step,
            recovered_at=step - IN_A_ROW + 1 if recovered else None,
            label="spike" if recovered or ended_by else unrecovered,
            details=details,
        )

    def _value(self, y: float) -> float:
        """A height as a value of the series: nats of a loss, whose floor is zero."""
        if self.linear:
            return y
        return 0.0 if y <= ZERO else 10.0**y


def begin(step: int, past: Floats, rise: Rise, linear: bool) -> OpenSpike:
    """The spike detected at `step`, the last of the given steps; its onset is where it left its
    base.

    Args:
        step: where it was detected; its height is finite.
        past: (2, step) heights of the loss and decades of the gradient norm, up to that step; NaN
            where they are not finite.
        rise: the evidence at that step.
        linear: heights are values and not decades.
    """
    y, grads = past
    base, scale = rise.base, rise.scale
    tolerance = 2 * scale if linear else max(TOLERANCE, 2 * scale)
    near = base + float(least_rise(np.array(scale), linear)) / 3 + tolerance / 2
    back = 0
    while back < min(LOOK_BACK, len(y) - 1) and y[-2 - back] > near:
        back += 1
    first = len(y) - 1 - back
    before = grads[:first][np.isfinite(grads[:first])]
    spike = OpenSpike(
        onset=step - back,
        noticed=step,
        base=base,
        tolerance=tolerance,
        z=rise.z,
        peak=float(y[first]),
        peak_step=step - back,
        grad_base=float(np.median(before)) if len(before) else _finite_or_zero(grads[first]),
        grad_peak=_finite_or_zero(grads[first]),
        grad_peak_step=step - back,
        linear=linear,
        noise=scale,
    )
    for i in range(first, len(y) - 1):
        spike.climb(step - len(y) + 1 + i, float(y[i]), float(grads[i]))
    return spike


def _finite_or_zero(grad: float) -> float:
    """The log of the gradient norm; zero, i.e. a norm of one, where it is not finite."""
    return float(grad) if math.isfinite(grad) else 0.0


def nearness(peak: float, chance: float | None) -> dict[str, Any]:
    """What a loss of `peak` nats means for the answers."""
    details: dict[str, Any] = {"p_answer": math.exp(-peak)}
    if chance is not None:
        details["answers"] = "random" if peak >= RANDOM * chance else "partly confused"
    return details
