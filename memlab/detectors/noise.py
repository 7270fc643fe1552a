"""Scale of the noise around the base of a curve, robust against spikes and drops."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

LATELY = 64
"""steps whose differences show noise that has just risen"""
SMALLEST = 0.0075
"""decades: less is not noise but drift"""
NORMAL = 1.4826
"""standard deviation of a normal distribution over its median absolute deviation"""


@dataclass(frozen=True)
class Noise:
    """What one stretch of residuals says; in decades where it has a unit."""

    scale: float
    """standard deviation of a step; infinite before there is anything to judge by"""
    center: float
    """how far the middle of the noise lies above the base: positive on a ramp"""
    slow: float
    """standard deviation of a mean of eight steps, in scales: 0.35 if steps are independent, more
    if one step's noise lasts into the next"""


UNKNOWN = Noise(np.inf, 0.0, 0.0)
FEW = 16
"""residuals below which there is nothing that could be noise: a plateau of exact zeros"""


def measure_noise(residuals: Floats, smallest: float = SMALLEST) -> Noise:
    """The noise in a stretch of residuals, `smallest` at least.

    The scale is the larger of two: the median deviation of all residuals, which holds for
    autocorrelated noise, and that of the last differences, which sees at once that noise has risen.
    """
    if len(residuals) < FEW:
        return Noise(smallest, 0.0, 0.35)
    center = median(residuals)
    around = residuals - center
    few = 1 + 32 / len(residuals)
    deviation = median(np.abs(around))
    lately = residuals[-LATELY:]
    difference = median(np.abs(lately[1:] - lately[:-1])) / np.sqrt(2)
    scale = max(NORMAL * few * max(deviation, difference), smallest)
    slow = NORMAL * few * median(np.abs(sums(around)[8])) / 8 / scale
    return Noise(float(scale), max(center, 0.0), float(slow))


def median(values: Floats) -> float:
    """The middle value, or the upper one of two."""
    middle = len(values) // 2
    ordered = values.copy()
    ordered.partition(middle)
    return float(ordered[middle])


def sums(values: Floats) -> dict[int, NDArray[Any]]:
    """Sums of 2, 4 and 8 neighbours, added in one order wherever the values are cut."""
    twos = values[1:] + values[:-1]
    fours = twos[2:] + twos[:-2]
    return {2: twos, 4: fours, 8: fours[4:] + fours[:-4]}
