"""The viewport of charts: visible part, axes, smoothing, cursor. It changes no data."""

from dataclasses import dataclass, replace
from typing import Self

from memlab.charts.scale import Axis

WEIGHTS = (0.0, 0.5, 0.8, 0.9, 0.95, 0.98, 0.99, 0.995, 0.998, 0.999)
"""Available smoothing: weights of the past in the moving average."""


def first_weight(steps: int, noisy: bool) -> float:
    """The initial smoothing: over about 1 % of the run if the loss is noisy."""
    least = 1 / max(steps / 100, 1)
    return max((w for w in WEIGHTS if 1 - w >= least), default=0.0) if noisy else 0.0


@dataclass(frozen=True)
class XExtent:
    """The whole range of an x axis, `first` < `last`."""

    first: float
    last: float
    unit: float = 1.0
    """minimum move of a cursor, > 0; start of a logarithmic axis"""
    narrowest: float = 20.0
    """the narrowest window"""

    @classmethod
    def of_steps(cls, last: int) -> Self:
        """The steps of a run."""
        return cls(0.0, float(max(last, 2)))


@dataclass(frozen=True)
class StepRange:
    """The visible range, `low` < `high`. A window at the end of a run follows its end."""

    low: float
    high: float
    at_end: bool = False

    def within(self, first: float, last: float) -> tuple[float, float]:
        """The visible part of an axis from `first` to `last`."""
        shift = last - self.high if self.at_end or self.high > last else 0.0
        return max(self.low + shift, first), self.high + shift


@dataclass(frozen=True)
class Viewport:
    """The state that the keys of all charts change."""

    x_log: bool = False
    window: StepRange | None = None
    """None = all"""
    reading: float | None = None
    """position of the reading cursor; for a run also the step of the samples"""
    weight: float = 0.0
    """smoothing, one of WEIGHTS"""
    hide_outliers: bool = False
    blocks: bool = False

    def span(self, whole: XExtent) -> tuple[float, float]:
        """Both ends of the visible range."""
        first = max(whole.first, whole.unit) if self.x_log else whole.first
        return self.window.within(first, whole.last) if self.window else (first, whole.last)

    def zoomed(self, factor: float, whole: XExtent, around: float | None = None) -> Self:
        """Show `factor` times as much of the axis, around a position, the cursor or the middle."""
        low, high = self.span(whole)
        axis = Axis(low, high, self.x_log)
        place = 0.5 if around is None else axis.share(around)
        if around is None and self.reading is not None and low <= self.reading <= high:
            place = axis.share(self.reading)
        a, b = axis.at(place - place * factor), axis.at(place + (1 - place) * factor)
        if b - a < whole.narrowest and factor < 1:
            return self
        return self._over(a, b, whole)

    def panned(self, share: float, whole: XExtent) -> Self:
        """Move left (negative) or right, by a fraction of the visible range."""
        low, high = self.span(whole)
        axis = Axis(low, high, self.x_log)
        first, last = map(axis.share, replace(self, window=None).span(whole))
        share = min(max(share, first), last - 1)
        return self._over(axis.at(share), axis.at(1 + share), whole)

    def showing(self, x: float, whole: XExtent) -> Self:
        """The window moved, if necessary, so that it contains `x`."""
        low, high = self.span(whole)
        x = max(x, whole.unit) if self.x_log else x
        if low <= x <= high:
            return self
        middle = Axis(low, high, self.x_log).share(x) - 0.5
        return self.panned(middle, whole)

    def read_at(self, x: float, whole: XExtent) -> Self:
        """The reading cursor moved to the unit nearest to a position, and shown."""
        x = min(max(round(x / whole.unit) * whole.unit, whole.first), whole.last)
        return replace(self, reading=x).showing(x, whole)

    def read_on(self, share: float, whole: XExtent) -> Self:
        """The reading cursor moved by a fraction of the visible range, at least by one unit."""
        low, high = self.span(whole)
        axis, start = Axis(low, high, self.x_log), whole.first
        start = start if self.reading is None else self.reading
        target = axis.at(axis.share(max(start, low)) + share)
        least = start + whole.unit if share > 0 else start - whole.unit
        return self.read_at(max(least, target) if share > 0 else min(least, target), whole)

    def smoother(self, by: int) -> Self:
        """The next heavier (1) or lighter (-1) smoothing."""
        at = WEIGHTS.index(self.weight) + by
        return replace(self, weight=WEIGHTS[min(max(at, 0), len(WEIGHTS) - 1)])

    def _over(self, low: float, high: float, whole: XExtent) -> Self:
        first, end = replace(self, window=None).span(whole)
        low, high = max(low, first), min(high, end)
        if low <= first and high >= end:
            return replace(self, window=None)
        return replace(self, window=StepRange(low, high, at_end=high >= end))
