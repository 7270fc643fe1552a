"""The history of each sample: one sign per evaluation, ✗✗✓✓."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import final

import numpy as np
from numpy.typing import NDArray
from textual.content import Content

from memlab.record.events import Samples
from memlab.tui.line_strips import row
from memlab.tui.live.answers import RIGHT, WRONG, was_right

_SIGNS = {1: RIGHT, 0: WRONG, -1: ("·", "$foreground-muted")}


@final
class SampleHistory:
    """The correctness of a run's samples; each evaluation is read once."""

    def __init__(self) -> None:
        self._seen: list[Samples] = []
        self._right: list[list[int]] = []

    def of(self, taken: Sequence[Samples]) -> list[list[int]]:
        """(evaluation, sample) 1 = right, 0 = wrong."""
        n = min(len(taken), len(self._seen))
        if n and self._seen[n - 1] is not taken[n - 1]:
            self._seen, self._right, n = [], [], 0
        for samples in taken[len(self._seen) :]:
            self._seen.append(samples)
            self._right.append([int(was_right(raw)) for raw in samples.samples])
        return self._right[: len(taken)]


@dataclass(frozen=True, eq=False)
class HistoryStrips:
    """The histories of all samples, in at most `width` cells each.

    If there are more evaluations than cells, a cell is right if all of its evaluations are.
    """

    signs: NDArray[np.int8]
    """(cell, sample): 1 = right, 0 = wrong, -1 = not recorded"""
    steps: list[int]
    """the last evaluation of each cell"""
    now: int | None
    """the cell of the current evaluation"""

    @classmethod
    def over(
        cls, taken: Sequence[Samples], right: list[list[int]], now: int, width: int
    ) -> "HistoryStrips":
        """Fold the evaluations into cells; `now` is the index of the current one."""
        places = max(map(len, right), default=0)
        padded = np.full((len(right), places), -1, np.int8)
        for filled, signs in zip(padded, right, strict=True):
            filled[: len(signs)] = signs
        n = min(len(taken), max(width, 0))
        starts = np.arange(n) * len(taken) // max(n, 1)
        ends = np.append(starts[1:], len(taken)) - 1
        return cls(
            np.minimum.reduceat(padded, starts) if n else padded[:0],
            [taken[end].step for end in ends] if n else [],
            int(np.searchsorted(ends, now)) if n else None,
        )

    def line(self, place: int) -> Content:
        """Signs of one sample; the cell of the current evaluation is marked."""
        cells = [_SIGNS[sign] for sign in self.signs[:, place].tolist()]
        styles = [
            f"{style} reverse" if i == self.now else style for i, (_, style) in enumerate(cells)
        ]
        return row([text for text, _ in cells], styles)
