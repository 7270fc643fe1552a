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


def measure_noises(residuals: Floats, smallest: Floats) -> Floats:
    """The noise in segments of residuals that have one length.

    The scale is the larger of two: the median deviation of all residuals, which holds for
    autocorrelated noise, and that of the last differences, which follows an increase at once.

    Args:
        residuals: (segment, step).
        smallest: (segment,) the scale at least.

    Returns:
        (3, segment) the fields of `Noise`.
    """
    n = residuals.shape[1]
    if n < FEW:
        return np.stack([smallest, np.zeros_like(smallest), np.full_like(smallest, 0.35)])
    center = medians(residuals)
    around = residuals - center[:, None]
    few = 1 + 32 / n  # widens estimates from few residuals
    deviation = medians(np.abs(around))
    # The difference of two steps has sqrt(2) times the standard deviation of one.
    lately = residuals[:, -LATELY:]
    difference = medians(np.abs(lately[:, 1:] - lately[:, :-1])) / np.sqrt(2)
    scale = np.maximum(NORMAL * few * np.maximum(deviation, difference), smallest)
    slow = NORMAL * few * medians(np.abs(sums(around)[8])) / 8 / scale  # of means of 8 steps
    return np.stack([scale, np.where(center < 0, 0.0, center), slow])


def medians(values: Floats) -> Floats:
    """The middle values along the last axis; the upper one of two."""
    middle = values.shape[-1] // 2
    ordered: Floats = np.partition(values, middle, axis=-1)[..., middle]
    return ordered


def sums(values: Floats) -> dict[int, NDArray[Any]]:
    """Sums of 2, 4 and 8 neighbours along the last axis, added in the same order however the values
    are split into blocks.
    """
    twos = values[..., 1:] + values[..., :-1]
    fours = twos[..., 2:] + twos[..., :-2]
    return {2: twos, 4: fours, 8: fours[..., 4:] + fours[..., :-4]}
