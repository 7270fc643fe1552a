"""How people look at a run: which steps, on which axes, how smooth. It changes no data."""

from dataclasses import dataclass, replace
from typing import Self

from memlab.charts.scale import Axis

WEIGHTS = (0.0, 0.5, 0.8, 0.9, 0.95, 0.98, 0.99, 0.995, 0.998, 0.999)
"""What the smoothing may be: the weight of the past in the moving average."""
_CLOSEST = 20.0
"""Steps in the narrowest window."""


def first_weight(steps: int, noisy: bool) -> float:
    """The smoothing to begin with: over about one hundredth of the run, none without noise."""
    least = 1 / max(steps / 100, 1)
    return max((w for w in WEIGHTS if 1 - w >= least), default=0.0) if noisy else 0.0


@dataclass(frozen=True)
class Window:
    """The steps shown, `low` < `high`. A window at the end of a run stays there as it grows."""

    low: float
    high: float
    at_end: bool = False

    def within(self, first: float, last: float) -> tuple[float, float]:
        """The steps shown of a run that goes from `first` to `last`."""
        shift = last - self.high if self.at_end or self.high > last else 0.0
        return max(self.low + shift, first), self.high + shift


@dataclass(frozen=True)
class Look:
    """The state of the keys that all charts obey."""

    x_log: bool = False
    window: Window | None = None
    """None = all steps"""
    reading: int | None = None
    """the step whose values the charts tell, and whose samples are shown"""
    weight: float = 0.0
    """smoothing, one of WEIGHTS"""
    hide_outliers: bool = False
    blocks: bool = False

    def span(self, last: int) -> tuple[float, float]:
        """First and last step shown of a run whose last step is `last`."""
        first, last = (1.0 if self.x_log else 0.0), max(last, 2)
        return self.window.within(first, last) if self.window else (first, float(last))

    def zoomed(self, factor: float, last: int, around: float | None = None) -> Self:
        """Show `factor` times as many steps, those around a step or the middle."""
        low, high = self.span(last)
        axis = Axis(low, high, self.x_log)
        place = 0.5 if around is None else float(axis.place(around))
        if around is None and self.reading is not None and low <= self.reading <= high:
            place = float(axis.place(self.reading))
        a, b = axis.value([place - place * factor, place + (1 - place) * factor])
        if b - a < _CLOSEST and factor < 1:
            return self
        return self._over(float(a), float(b), last)

    def panned(self, share: float, last: int) -> Self:
        """Show earlier (negative) or later steps, by a share of those shown."""
        low, high = self.span(last)
        first, _ = replace(self, window=None).span(last)
        axis = Axis(low, high, self.x_log)
        ends = Axis(low, high, self.x_log).place([first, max(last, 2)])
        share = min(max(share, float(ends[0])), float(ends[1]) - 1)
        a, b = axis.value([share, 1 + share])
        return self._over(float(a), float(b), last)

    def showing(self, step: float, last: int) -> Self:
        """The window moved, if need be, so that `step` is in it."""
        low, high = self.span(last)
        step = max(step, 1.0) if self.x_log else step
        if low <= step <= high:
            return self
        middle = float(Axis(low, high, self.x_log).place(step)) - 0.5
        return self.panned(middle, last)

    def read_on(self, share: float, last: int) -> Self:
        """The reading cursor moved by a share of the steps shown, at least by one."""
        low, high = self.span(last)
        axis, here = Axis(low, high, self.x_log), self.reading or 0
        there = float(axis.value(axis.place(max(here, low)) + share))
        step = max(here + 1, round(there)) if share > 0 else min(here - 1, round(there))
        step = min(max(step, 0), last)
        return replace(self, reading=step).showing(step, last)

    def smoother(self, by: int) -> Self:
        """The next heavier (1) or lighter (-1) smoothing."""
        at = WEIGHTS.index(self.weight) + by
        return replace(self, weight=WEIGHTS[min(max(at, 0), len(WEIGHTS) - 1)])

    def _over(self, low: float, high: float, last: int) -> Self:
        first, end = replace(self, window=None).span(last)
        low, high = max(low, first), min(high, end)
        if low <= first and high >= end:
            return replace(self, window=None)
        return replace(self, window=Window(low, high, at_end=high >= end))
