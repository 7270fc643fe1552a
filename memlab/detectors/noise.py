"""Scale of the noise around the base of a curve, robust against spikes and drops."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

LATELY = 64
"""steps whose differences reveal a recent increase of the noise"""
SMALLEST = 0.0075
"""decades: smaller deviations are drift rather than noise"""
NORMAL = 1.4826
"""standard deviation of a normal distribution over its median absolute deviation"""


@dataclass(frozen=True)
class Noise:
    """Noise estimates of one segment of residuals; in decades where there is a unit."""

    scale: float
    """standard deviation of a step; infinite before the first estimate"""
    center: float
    """median of the residuals: positive while the loss rises steadily"""
    slow: float
    """standard deviation of a mean of eight steps, in scales: 0.35 if steps are independent, more
    if the noise is autocorrelated"""


UNKNOWN = Noise(np.inf, 0.0, 0.0)
FEW = 16
"""number of residuals below which noise cannot be estimated: a plateau of exact zeros"""


def measure_noise(residuals: Floats, smallest: float = SMALLEST) -> Noise:
    """The noise in a segment of residuals, `smallest` at least.

    The scale is the larger of two: the median deviation of all residuals, which holds for
    autocorrelated noise, and that of the last differences, which follows an increase at once.
    """
    if len(residuals) < FEW:
        return Noise(smallest, 0.0, 0.35)
    center = median(residuals)
    around = residuals - center
    few = 1 + 32 / len(residuals)  # widens estimates from few residuals
    deviation = median(np.abs(around))
    # The difference of two steps has sqrt(2) times the standard deviation of one.
    lately = residuals[-LATELY:]
    difference = median(np.abs(lately[1:] - lately[:-1])) / np.sqrt(2)
    scale = max(NORMAL * few * max(deviation, difference), smallest)
    slow = NORMAL * few * median(np.abs(sums(around)[8])) / 8 / scale  # of means of 8 steps
    return Noise(float(scale), max(center, 0.0), float(slow))


def median(values: Floats) -> float:
    """The middle value; the upper one of two."""
    middle = len(values) // 2
    ordered = values.copy()
    ordered.partition(middle)
    return float(ordered[middle])


def sums(values: Floats) -> dict[int, NDArray[Any]]:
    """Sums of 2, 4 and 8 neighbours, added in the same order however the values are split into
    blocks.
    """
    twos = values[1:] + values[:-1]
    fours = twos[2:] + twos[:-2]
    return {2: twos, 4: fours, 8: fours[4:] + fours[:-4]}
