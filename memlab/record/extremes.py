"""A per-step column as extremes over segments of the x axis: a spike of one step is always visible.

Rows that are lost leave a gap, so that no line bridges them.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from memlab.record.events import SPARSE
from memlab.record.missing_rows import with_gaps
from memlab.record.snapshot import Snapshot

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Extremes:
    """Minimum and maximum of a per-step column, by segment of the x axis."""

    x: Floats
    """middle of each segment, in steps"""
    low: Floats
    """NaN where no value is finite"""
    high: Floats
    not_finite: int
    """number of values that are not finite"""

    def line(self) -> tuple[Floats, Floats]:
        """The curve as one line through both extremes of each segment."""
        return np.repeat(self.x, 2), np.stack([self.low, self.high], axis=1).ravel()


def column_extremes(
    now: Snapshot, column: str, steps: tuple[float, float], *, log: bool, columns: int
) -> Extremes:
    """The extremes of a column.

    Args:
        steps: the first and the last.
        log: whether the x axis is logarithmic; segments are then about equally long on it.
        columns: width of the chart; there are four segments per column.
    """
    bins = [now.view(column, *piece) for piece in _pieces(*steps, log, columns)]
    none = np.zeros(0)
    x = np.concatenate([none, *((b.edges[:-1] + b.edges[1:] - 1) / 2 for b in bins)])
    least = np.concatenate([none, *(b.low for b in bins)])
    most = np.concatenate([none, *(b.high for b in bins)])
    n_nonfinite = np.concatenate([none, *(b.nonfinite for b in bins)])
    if column in SPARSE:  # steps without a measurement are not gaps
        n_nonfinite = np.zeros_like(n_nonfinite)
    has_rows = np.isfinite(least) | (n_nonfinite > 0)
    missing = [one for one in now.steps.missing if one.within(int(steps[0]), int(steps[1]) + 1)]
    x, least, most = with_gaps(missing, x[has_rows], least[has_rows], most[has_rows])
    return Extremes(x, least, most, int(n_nonfinite.sum()))


def _pieces(low: float, high: float, log: bool, columns: int) -> Iterator[tuple[int, int, int]]:
    """(first, last, bins); on a log axis one segment per octave, since bins have equal numbers of
    steps.
    """
    edges = [int(np.floor(low)), int(np.ceil(high)) + 1]
    if log:
        edges[1:1] = [2**k for k in range(edges[1].bit_length()) if edges[0] < 2**k < edges[1]]
        decades = np.log10(np.maximum(edges, 1))
        shares = (np.diff(decades) / np.log10(max(high, 2) / max(low, 1))).tolist()
    else:
        shares = [0.5]
    for first, end, share in zip(edges[:-1], edges[1:], shares, strict=True):
        yield first, end - 1, max(int(np.ceil(4 * columns * share)), 1)
