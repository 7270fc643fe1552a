"""Rise of each step's loss above its recent base, in units of the noise.

Arithmetic on a series, independent of block boundaries. `spikes` decides what a spike is and when it ends.
"""

from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from memlab.detectors.noise import (
    LATELY,
    SMALLEST,
    UNKNOWN,
    Floats,
    Noise,
    measure_noises,
    medians,
    sums,
)

FLOOR = 1e-12
"""losses below it are clipped to it and count as zero"""
ZERO = float(np.log10(FLOOR))
ROUNDING = -6.0
"""decades: where the loss is sometimes exactly zero, a loss below it may be a few quanta of float32"""
DEEPEST = -0.5
"""decades: deeper falls are clipped, since they contain no information about upward noise"""
LEAST_RISE = float(np.log10(2.0))
"""decades: a spike is at least a factor of two"""
LEAST_NOISES = 6.0
"""standard deviations of the noise that a spike rises by at least, on a linear scale"""
RESOLUTION = 1e-6
"""relative difference below which a linear scale regards values as equal up to rounding"""
TINY = 1e-30
"""noise of a linear series whose residuals were all exactly zero"""

BASE = 25
"""steps before the current one whose median is the base ..."""
SHORT_BASE = 9
"""... unless the median of the last of them is lower: the loss is just coming down"""
MEMORY = 512
"""number of residuals from which the noise is estimated"""
FRAME = 32
"""steps between two estimates of the noise"""
FRAMES_AT_ONCE = 128
"""estimates that are computed together: their residuals take 512 KiB"""
READY = 64
"""steps before the first estimate: earlier no spike is detected"""
CLIP = 12.0
"""rises are clipped to this many scales, so that a single outlier is not a spike"""


@dataclass(frozen=True)
class SpikeRule:
    """Thresholds on the mean rise over the last 1, 2, 4 and 8 steps, in scales; exceeding any is
    a spike.

    Frozen on development seeds of `benchmarks/spikes`: several steps must agree, because one step
    of heavy-tailed noise is not evidence, and eight must exceed the usual deviation of their mean.
    """

    one: float = 40.0
    two: float = 9.0
    four: float = 4.9
    eight: float = 3.25
    slow: float = 6.2
    """... and for eight steps in standard deviations of a mean of eight steps"""

    def scaled(self, factor: float) -> "SpikeRule":
        """The same rule with thresholds multiplied by `factor`."""
        return SpikeRule(**{name: factor * limit for name, limit in asdict(self).items()})


@dataclass(frozen=True)
class Evidence:
    """One value per step, in decades of the loss, or in the unit of a linear series."""

    y: Floats
    """log10 of the loss, or the value itself"""
    base: Floats
    """the loss before, as a median"""
    scale: Floats
    """standard deviation of the noise around the base; infinite before the first estimate"""
    z: Floats
    """rise above the base, in scales"""
    fired: NDArray[np.bool_]
    """the rule is met"""

    def spread(self, is_finite: NDArray[np.bool_]) -> "Evidence":
        """The evidence at all steps if only some were measured; NaN at the others."""
        fired = np.zeros(len(is_finite), np.bool_)
        fired[is_finite] = self.fired
        full = np.full((4, len(is_finite)), np.nan)
        full[:, is_finite] = self.y, self.base, self.scale, self.z
        return Evidence(full[0], full[1], full[2], full[3], fired)

    def at(self, i: int) -> "Rise":
        """Base, scale and rise of one step."""
        return Rise(float(self.base[i]), float(self.scale[i]), float(self.z[i]))


@dataclass(frozen=True)
class Rise:
    """The evidence at one step."""

    base: float
    scale: float
    z: float


def decades(loss: NDArray[np.floating[Any]]) -> Floats:
    """log10 of losses, clipped from below; NaN where a loss is not finite."""
    values = np.array(loss, dtype=np.float64)
    values[~np.isfinite(values)] = np.nan
    return np.log10(np.maximum(values, FLOOR))


def heights(values: NDArray[np.floating[Any]], linear: bool) -> Floats:
    """What is compared with the base: decades, or the values themselves on a linear scale."""
    if not linear:
        return decades(values)
    finite = np.array(values, dtype=np.float64)
    finite[~np.isfinite(finite)] = np.nan
    return finite


def least_rise(scale: Floats, linear: bool) -> Floats:
    """The smallest rise of a spike, given the noise: a factor of two, or a multiple of the noise."""
    return LEAST_NOISES * scale if linear else np.full_like(scale, LEAST_RISE)


@dataclass
class Gauge:
    """Measures evidence block by block; its fields are its complete state.

    It takes finite values only. On a logarithmic scale they are decades; on a linear scale, for
    quantities that may be negative or zero, they are the values, and limits are multiples of the
    noise instead of decades.
    """

    rule: SpikeRule = SpikeRule()
    linear: bool = False
    n: int = 0
    """steps seen"""
    y: Floats = field(default_factory=lambda: np.empty(0))
    """the last `BASE` of them"""
    residuals: Floats = field(default_factory=lambda: np.empty(0))
    """the last `MEMORY` rises above the base, without exact zeros, which are not noise"""
    recent: Floats = field(default_factory=lambda: np.zeros(7))
    """the last seven, in scales and clipped"""
    noise: Noise = UNKNOWN

    def measure(self, y: Floats) -> Evidence:
        """The evidence of the next steps, given as `heights`."""
        # All arrays are (step,) of this block.
        base = self._bases(y)
        rise = y - base if self.linear else np.maximum(y - base, DEEPEST)
        informative = np.ones(len(y), np.bool_) if self.linear else np.minimum(y, base) > ZERO
        scale, center, slow = self._noises(rise, base, informative)
        z = (rise - center) / scale
        is_high = (y - base >= least_rise(scale, self.linear)) & ~self._rounding(y)
        fired = is_high & self._strong(z, slow)
        self.n += len(y)
        self.y = np.concatenate((self.y, y))[-BASE:]
        return Evidence(y, base, scale, z, fired)

    def _bases(self, y: Floats) -> Floats:
        """The base at each step; computed from the available steps where there are fewer than
        `BASE`.
        """
        known = len(self.y)
        before = np.concatenate((self.y, y))
        base = np.empty(len(y))
        few = min(BASE - known, len(y))
        for i in range(few):
            base[i] = np.median(before[: known + i]) if known + i else y[i]
        if few < len(y):
            windows = sliding_window_view(before[known + few - BASE : -1], BASE)  # (step, BASE)
            # Medians by selection; the shorter one follows a falling loss more closely.
            long = np.partition(windows, BASE // 2, axis=1)[:, BASE // 2]
            short = np.partition(windows[:, -SHORT_BASE:], SHORT_BASE // 2, axis=1)
            base[few:] = np.minimum(long, short[:, SHORT_BASE // 2])
        return base

    def _noises(self, rise: Floats, base: Floats, informative: NDArray[np.bool_]) -> Floats:
        """Scale, centre and slow at each step (3, step), re-estimated at the start of each frame."""
        past = np.concatenate((self.residuals, rise[informative]))  # (residual,)
        # (step + 1,) how many of them lie before each step
        n_before = len(self.residuals) + np.concatenate(([0], np.cumsum(informative)))
        starts = np.arange(-self.n % FRAME, len(rise), FRAME)  # (frame,)
        starts = starts[self.n + starts >= READY]
        now = [[self.noise.scale], [self.noise.center], [self.noise.slow]]
        frames = np.concatenate(
            (now, self._estimates(past, n_before[starts], base[starts])), axis=1
        )
        self.residuals = past[-MEMORY:]
        if len(starts):
            self.noise = Noise(*frames[:, -1].tolist())
        # Steps before the first start belong to the frame before the block.
        return frames[:, np.searchsorted(starts, np.arange(len(rise)), "right")]

    def _estimates(self, past: Floats, ends: NDArray[np.int64], base: Floats) -> Floats:
        """(3, frame) the noise in the residuals that end before `ends`, at most `MEMORY` of each."""
        noises = np.empty((3, len(ends)))
        n_short = int(np.searchsorted(ends, MEMORY))
        for i in range(n_short):
            noises[:, i : i + 1] = self._noise(past[None, : ends[i]], base[i : i + 1])
        for i in range(n_short, len(ends), FRAMES_AT_ONCE):
            some = slice(i, i + FRAMES_AT_ONCE)
            windows = sliding_window_view(past, MEMORY)[ends[some] - MEMORY]  # (frame, residual)
            noises[:, some] = self._noise(windows, base[some])
        return noises

    def _noise(self, residuals: Floats, base: Floats) -> Floats:
        """(3, frame) the noise in residuals (frame, residual)."""
        if not self.linear:
            return measure_noises(residuals, np.full(len(base), SMALLEST))
        smallest = [self._smallest(*pair) for pair in zip(residuals, base.tolist(), strict=True)]
        return measure_noises(residuals, np.array(smallest))

    def _smallest(self, residuals: Floats, base: float) -> float:
        """Lower bound of the noise: a share of a loss; for a linear series, rounding and trend.

        The residuals of a series logged with few digits are multiples of one quantum.
        """
        if not self.linear:
            return SMALLEST
        quantum = np.abs(residuals[residuals != 0]).min(initial=np.inf)
        trend = abs(float(medians(residuals[-LATELY:])))
        return max(RESOLUTION * abs(base), quantum if quantum < np.inf else TINY, trend)

    def _strong(self, z: Floats, slow: Floats) -> NDArray[np.bool_]:
        """Where the last steps together rise above the noise."""
        clipped = np.concatenate((self.recent, np.clip(z, -CLIP, CLIP)))
        self.recent = clipped[-7:]
        # The last 7 steps precede the block, so that each step has sums of up to 8 steps.
        sum_of = sums(clipped)
        strong: NDArray[np.bool_] = z >= self.rule.one
        strong |= sum_of[2][6:] >= 2 * self.rule.two
        strong |= sum_of[4][4:] >= 4 * self.rule.four
        strong |= sum_of[8] >= 8 * np.maximum(self.rule.eight, self.rule.slow * slow)
        return strong

    def _rounding(self, y: Floats) -> NDArray[np.bool_]:
        """Where a small loss has exact zeros among the `BASE` steps before it."""
        if self.linear:
            return np.zeros(len(y), np.bool_)
        zeros = np.concatenate((self.y, y)) <= ZERO
        # Cumulative counts, so that a difference is the number of zeros in a window.
        count = np.concatenate((np.zeros(BASE + 1 - len(self.y), int), np.cumsum(zeros)))
        return (y < ROUNDING) & (count[BASE:-1] > count[: -BASE - 1])

    def state(self) -> dict[str, Any]:
        """The complete state, JSON-compatible."""
        known = self.noise is not UNKNOWN
        return {
            "n": self.n,
            "linear": self.linear,
            "y": self.y.tolist(),
            "residuals": self.residuals.tolist(),
            "recent": self.recent.tolist(),
            "noise": asdict(self.noise) if known else None,
        }

    def restore(self, state: dict[str, Any]) -> None:
        self.n, self.linear = state["n"], state.get("linear", False)
        self.y = np.array(state["y"], dtype=np.float64)
        self.residuals = np.array(state["residuals"], dtype=np.float64)
        self.recent = np.array(state["recent"], dtype=np.float64)
        self.noise = Noise(**state["noise"]) if state["noise"] else UNKNOWN
