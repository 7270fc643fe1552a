"""How far each step's loss lies above its surroundings, in units of its own noise.

The border: here is arithmetic on a series of numbers, step by step the same however the series is
cut into blocks. What a spike is, and when it ends, is decided in `spikes`.
"""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

Floats = NDArray[np.float64]

FLOOR = 1e-10
"""losses below it are taken as it: nothing there is more than rounding"""
CEILING = float(np.finfo(np.float32).max)
"""infinity and NaN are taken as it"""
LOST = 38.0
"""decades from which on a loss stands for infinity or NaN"""
BASE = 25
"""steps whose median is the base"""
SCALE = 256
"""steps whose residuals give the scale of the noise"""
SHORT_SCALE = 64
"""the scale of these last steps counts if it is larger: noise that has just risen"""
FRAME = 32
"""steps between two measurements of the scale"""
READY = 64
"""steps before the first judgement"""
SMALLEST_SCALE = 0.02
"""decades"""
CLIP = 12.0
"""one step counts no more than this many scales, so that an outlier alone is no spike"""
FACTOR_TWO = float(np.log10(2.0))


@dataclass(frozen=True)
class Rule:
    """Mean excess over the last 1, 2, 4 and 8 steps, in scales, from which on a rise is a spike."""

    one: float = 40.0
    two: float = 10.0
    four: float = 6.0
    eight: float = 4.5

    def scaled(self, factor: float) -> "Rule":
        """The same rule, stricter by `factor`."""
        return Rule(*(factor * limit for limit in (self.one, self.two, self.four, self.eight)))


@dataclass(frozen=True)
class Evidence:
    """One value per step."""

    y: Floats
    """log10 of the loss"""
    base: Floats
    """median of the steps before, decades"""
    scale: Floats
    """standard deviation of the noise around the base, decades; infinite before it is known"""
    z: Floats
    """height above the base in scales"""
    fired: NDArray[np.bool_]
    """the rule is met"""


def decades(loss: NDArray[np.floating[Any]]) -> Floats:
    """log10 of losses, with a floor; what is not finite becomes the largest float32."""
    values = np.array(loss, dtype=np.float64)
    values[~np.isfinite(values)] = CEILING
    return np.log10(np.clip(values, FLOOR, CEILING))


@dataclass
class Gauge:
    """Measures evidence block by block; its fields are all that it remembers."""

    rule: Rule = Rule()
    n: int = 0
    """steps seen since the start or the last reset"""
    y: Floats = field(default_factory=lambda: np.empty(0))
    """the last `BASE` of them"""
    residuals: Floats = field(default_factory=lambda: np.empty(0))
    """the last `SCALE` heights above the base"""
    recent: Floats = field(default_factory=lambda: np.zeros(7))
    """the last seven clipped z"""
    scale: float = np.inf
    center: float = 0.0

    def measure(self, y: Floats) -> Evidence:
        """The evidence of the next steps."""
        base = self._bases(y)
        residual = y - base
        scale, center = self._scales(residual)
        z = (residual - center) / scale
        fired = self._fired(y, base, z)
        self.n += len(y)
        self.y = np.concatenate((self.y, y))[-BASE:]
        return Evidence(y, base, scale, z, fired)

    def _bases(self, y: Floats) -> Floats:
        """Median of the `BASE` steps before each step, or of as many as there are."""
        before = np.concatenate((self.y, y))
        known = len(self.y)
        base = np.empty(len(y))
        few = min(max(BASE - known, 0), len(y))
        for i in range(few):
            base[i] = np.median(before[: known + i]) if known + i else y[i]
        if few < len(y):
            windows = sliding_window_view(before[known + few - BASE : -1], BASE)
            base[few:] = np.partition(windows, BASE // 2, axis=1)[:, BASE // 2]
        return base

    def _scales(self, residual: Floats) -> tuple[Floats, Floats]:
        """Scale and centre at each step, measured anew at each frame's beginning."""
        past = np.concatenate((self.residuals, residual))
        offset = len(self.residuals) - self.n
        scale, center = np.empty(len(residual)), np.empty(len(residual))
        i = 0
        while i < len(residual):
            n = self.n + i
            if n % FRAME == 0 and n >= READY:
                self.scale, self.center = spread(past[max(n + offset - SCALE, 0) : n + offset])
            end = min(i + FRAME - n % FRAME, len(residual))
            scale[i:end], center[i:end] = self.scale, self.center
            i = end
        self.residuals = past[-SCALE:]
        return scale, center

    def _fired(self, y: Floats, base: Floats, z: Floats) -> NDArray[np.bool_]:
        """Where the rule is met; what is not finite meets it at once."""
        clipped = np.concatenate((self.recent, np.clip(z, -CLIP, CLIP)))
        self.recent = clipped[-7:]
        pairs = clipped[1:] + clipped[:-1]
        fours = pairs[2:] + pairs[:-2]
        eights = fours[4:] + fours[:-4]
        strong = z >= self.rule.one
        strong |= pairs[6:] >= 2 * self.rule.two
        strong |= fours[4:] >= 4 * self.rule.four
        strong |= eights >= 8 * self.rule.eight
        from_zero = (base <= np.log10(FLOOR)) & (y < -6)
        not_finite = y >= LOST
        rise = (y - base >= FACTOR_TWO) & ~from_zero & ~not_finite
        before = np.concatenate((self.y[-1:] if self.n else [0.0], y[:-1]))
        fired: NDArray[np.bool_] = (strong & rise) | (not_finite & (before < LOST))
        return fired

    def state(self) -> dict[str, Any]:
        """All that is remembered, JSON-able."""
        return {
            "n": self.n,
            "y": self.y.tolist(),
            "residuals": self.residuals.tolist(),
            "recent": self.recent.tolist(),
            "scale": None if np.isinf(self.scale) else self.scale,
            "center": self.center,
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Go on from a memory."""
        self.n = state["n"]
        self.y = np.array(state["y"], dtype=np.float64)
        self.residuals = np.array(state["residuals"], dtype=np.float64)
        self.recent = np.array(state["recent"], dtype=np.float64)
        self.scale = np.inf if state["scale"] is None else state["scale"]
        self.center = state["center"]


def spread(residuals: Floats) -> tuple[float, float]:
    """Robust standard deviation of the noise, and how far its centre lies above the base."""
    center = float(np.median(residuals))
    away = np.abs(residuals - center)
    mad = max(float(np.median(away)), float(np.median(away[-SHORT_SCALE:])))
    few = 1 + 16 / len(residuals)
    return max(1.4826 * mad * few, SMALLEST_SCALE), max(center, 0.0)
