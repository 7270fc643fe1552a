"""Exponential moving average of a history, extended incrementally."""

import math

import numpy as np

from memlab.charts.chart import Values
from memlab.charts.scale import Floats, forward

_BLOCK = 32


class Smoother:
    """A debiased exponential moving average that can be extended with new values.

    The average is of logarithms if `log`, so a spike of ten times weighs as much as a dip to a
    tenth. Values that cannot be averaged (not finite, or not positive if `log`) stay NaN and are
    left out.
    The bias correction is Adam's (Kingma and Ba, 2015, section 3).
    """

    def __init__(self, weight: float, log: bool = True) -> None:
        """`weight` of the past, in [0, 1); 0 = no smoothing."""
        self.weight, self.log = weight, log
        self._mean, self._n = 0.0, 0

    def extend(self, values: Values) -> Floats:
        logs = forward(values, self.log)
        finite = np.isfinite(logs)
        v = logs[finite]
        if len(v):
            means = _filter((1 - self.weight) * v, self.weight, self._mean)
            logs[finite] = means / self._mass(len(v))
            self._mean, self._n = float(means[-1]), self._n + len(v)
        return np.asarray(np.exp(logs * math.log(10))) if self.log else logs

    def _mass(self, n: int) -> Floats:
        """Sum of the weights of each of the next n averages; soon exactly 1."""
        mass = np.ones(n)
        rounded = math.ceil(math.log(1e-17) / math.log(self.weight)) if self.weight else 1
        early = np.arange(self._n + 1, self._n + 1 + min(n, max(rounded - self._n, 0)))
        mass[: len(early)] -= self.weight**early
        return mass


def smooth(values: Values, weight: float, log: bool = True) -> Floats:
    """The debiased exponential moving average of a history; see `Smoother`."""
    return Smoother(weight, log).extend(values)


def _filter(v: Floats, weight: float, start: float) -> Floats:
    """m[i] = weight * m[i-1] + v[i], from m[-1] = start; blocks by a product, carries recursively."""
    n = len(v)
    lags = np.subtract.outer(np.arange(_BLOCK), np.arange(_BLOCK))
    within = np.where(lags >= 0, weight ** np.maximum(lags, 0.0), 0.0)
    if n <= _BLOCK:
        return np.asarray(within[:n, :n] @ v + weight ** np.arange(1, n + 1) * start)
    blocks = -(-n // _BLOCK)
    local = np.pad(v, (0, blocks * _BLOCK - n)).reshape(blocks, _BLOCK) @ within.T
    ends = _filter(local[:, -1], weight**_BLOCK, start)
    carries = np.concatenate([[start], ends[:-1]])
    decay = weight ** np.arange(1, _BLOCK + 1)
    return np.asarray((local + carries[:, None] * decay).ravel()[:n])
