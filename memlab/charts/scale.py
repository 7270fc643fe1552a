"""Axes: from values to positions between 0 and 1, and readable ticks.

Tick values are exact decimals, so that labels are exact.
"""

import math
from dataclasses import dataclass
from decimal import Decimal
from functools import cache, lru_cache

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]
Tick = tuple[float, str]

_LARGEST, _SMALLEST = 1e300, 1e-300
"""Values are clipped to this range, so that an axis with its margins cannot overflow."""

_SUPERSCRIPT = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
_SUFFIXES = ((12, "T"), (9, "G"), (6, "M"), (3, "k"))


def forward(values: ArrayLike, log: bool) -> Floats:
    """Values transformed for the axis (log10 or identity); NaN where the axis cannot show them."""
    v = np.asarray(values, dtype=np.float64)
    # Charts call this often with few values, and minimum and maximum are faster than np.clip.
    if log:
        shown = np.isfinite(v) & (v > 0)
        v = np.log10(np.minimum(np.maximum(v, _SMALLEST), _LARGEST))
    else:
        shown = np.isfinite(v)
        v = np.minimum(np.maximum(v, -_LARGEST), _LARGEST)
    return np.where(shown, v, np.nan)


@dataclass(frozen=True)
class Axis:
    """A range of values, `low` < `high`; both positive on a log axis."""

    low: float
    high: float
    log: bool = False

    @classmethod
    def around(cls, low: float, high: float, *, log: bool, margin: float = 0.0) -> "Axis":
        """An axis that covers low..high plus a margin (a share of its length) on each side.

        A range too short to be drawn is widened around its single value.
        """
        low, high = (min(max(v, _SMALLEST if log else -_LARGEST), _LARGEST) for v in (low, high))
        a, b = (math.log10(low), math.log10(high)) if log else (low, high)
        if b - a <= max(1e-9 * max(abs(a), abs(b)), _SMALLEST):
            wider = 0.5 if log or abs(a) < _SMALLEST else 0.5 * abs(a)
            a, b = a - wider, b + wider
        elif not margin:  # both ends exactly
            return cls(low, high, log)
        pad = (b - a) * margin
        a, b = a - pad, b + pad
        if log:
            a, b = (10.0 ** min(max(power, -307), 307) for power in (a, b))
        return cls(a, b, log)

    def place(self, values: ArrayLike) -> Floats:
        """Positions of values: 0 = low end, 1 = high end, NaN = cannot be shown."""
        return self.place_forward(forward(values, self.log))

    def place_forward(self, values: Floats) -> Floats:
        """Positions of values that are already transformed by `forward`."""
        low, high = self._ends()
        with np.errstate(over="ignore"):
            return np.asarray((values - low) / (high - low))

    def value(self, place: ArrayLike) -> Floats:
        """The values at positions; the inverse of `place`."""
        low, high = self._ends()
        v = low + np.asarray(place) * (high - low)
        return np.asarray(10.0**v if self.log else v)

    def share(self, value: float) -> float:
        """Position of one value > 0 on a log axis, else of any; see `place`."""
        low, high = self._ends()
        return ((math.log10(value) if self.log else value) - low) / (high - low)

    def at(self, share: float) -> float:
        """The value at a position; the inverse of `share`."""
        low, high = self._ends()
        v = low + share * (high - low)
        return 10.0**v if self.log else v

    def _ends(self) -> tuple[float, float]:
        if self.log:
            return math.log10(self.low), math.log10(self.high)
        return self.low, self.high

    def cell(self, value: float, n: int) -> int | None:
        """Index of the value among n equal parts of the axis; None if it is not visible."""
        if not self.low <= value <= self.high:
            return None
        return min(max(int(self.share(value) * n), 0), n - 1)

    @lru_cache(maxsize=32)  # noqa: B019 - axes are small
    def ticks(self, n: int) -> list[Tick]:
        """About `n`, and at least two, round values on the axis, ascending, each with its label."""
        ticks = log_ticks(self.low, self.high, n) if self.log else []
        for finer in (1, 2):
            ticks = ticks if len(ticks) > 1 else linear_ticks(self.low, self.high, finer * n)
        return ticks


def linear_ticks(low: float, high: float, n: int) -> list[Tick]:
    """Multiples of 1, 2, 2.5 or 5 times a power of ten within low..high."""
    raw = (high - low) / max(n, 1)
    power = math.floor(math.log10(raw))
    fits = (m for m in ("1", "2", "2.5", "5") if float(m) * 10.0**power >= raw * 0.999)
    step = Decimal(next(fits, "10")).scaleb(power)
    first, last = math.ceil(Decimal(low) / step), math.floor(Decimal(high) / step)
    values = [step * k for k in range(first, last + 1)]
    unit = max((abs(v) for v in values), default=Decimal(0))
    return _within(low, high, [(float(v), _label(v, unit)) for v in values])


def log_ticks(low: float, high: float, n: int) -> list[Tick]:
    """At most `n` >= 2 of 1, 2, 5 or 1, 3 or 1 times powers of ten within low..high.

    Where there are more powers than `n`, every second, third, ...; [] where there are fewer than
    two ticks, which do not determine a log axis.
    """
    powers = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    for mantissas in ((1, 2, 5), (1, 3), (1,)):
        ticks = [
            tick for k in powers for m in mantissas if low <= (tick := _log_tick(m, k))[0] <= high
        ]
        if 2 <= len(ticks) <= n:
            return ticks
    if len(ticks) < 2:
        return []
    every = math.ceil(len(ticks) / n)
    multiples = ticks[-round(math.log10(ticks[0][0])) % every :: every]
    return multiples if len(multiples) > 1 else ticks[::every]


@cache
def _log_tick(mantissa: int, power: int) -> Tick:
    value = Decimal(mantissa).scaleb(power)
    return float(value), decade(power) if mantissa == 1 else _label(value, value)


def decade(k: int) -> str:
    """A power of ten: 0.01, 0.1, 1, 10, 100, 1k, 10k, 100k, 1M and 10⁻³, 10⁷ beyond."""
    if -2 <= k <= 6:
        return _label(Decimal(1).scaleb(k), Decimal(1).scaleb(k))
    return "10" + str(k).translate(_SUPERSCRIPT)


def short(value: float) -> str:
    """A step or a count in three digits: 812, 6.2k, 17.8k, 1.25M."""
    rounded = float(f"{value:.3g}")
    exponent, suffix = next((s for s in _SUFFIXES if abs(rounded) >= 10.0 ** s[0]), (0, ""))
    return f"{rounded / 10.0**exponent:.3g}{suffix}"


def _label(value: Decimal, largest: Decimal) -> str:
    """All digits of a tick, in the unit that suits the largest tick of the axis."""
    size = largest.adjusted() if largest else 0
    if value and not -4 <= size < 15:
        digits = value.normalize()
        exponent = digits.adjusted()
        return f"{digits.scaleb(-exponent):f}e{exponent}"
    exponent, suffix = next((s for s in _SUFFIXES if size >= s[0]), (0, ""))
    scaled = value.scaleb(-exponent).normalize()
    return f"{scaled:f}{suffix}" if value else "0"


def _within(low: float, high: float, ticks: list[Tick]) -> list[Tick]:
    return [tick for tick in ticks if low <= tick[0] <= high]
