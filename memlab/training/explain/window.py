"""The recomputed steps around a spike, and the criterion for the spike in recomputed losses."""

from dataclasses import dataclass
from math import sqrt

import numpy as np
from numpy.typing import NDArray

from memlab.record.events import Edited, Spike
from memlab.record.explanation import PREVENTS

LEAD = 20
"""steps between the start of a change and the onset"""
EDIT_REACH = 100
"""edits at most this many steps before the onset are possible causes"""
SHORTEST, LONGEST = 60, 300
"""minimum and maximum number of recomputed steps; the peak is always included"""
AFTER_PEAK = 20
"""minimum number of recomputed steps after the peak"""


@dataclass(frozen=True)
class Window:
    """A spike and the steps that are recomputed for it. Losses in nats."""

    spike: Spike
    change_at: int
    """changes take effect after this step"""
    last: int
    """last recomputed step"""
    end: int
    """last step of the recorded spike"""
    edits: tuple[Edited, ...] = ()
    """edits shortly before the onset"""

    @classmethod
    def around(cls, spike: Spike, edits: tuple[Edited, ...], steps: int) -> "Window":
        """The window of a spike: from `LEAD` steps before its onset, over twice its length.

        Args:
            edits: all edits of the run.
            steps: updates in the whole run.
        """
        near = tuple(e for e in edits if spike.onset - EDIT_REACH <= e.step < spike.onset)
        change_at = max(0, min([spike.onset - LEAD, *(edit.step for edit in near)]))
        end = spike.step if spike.recovered_at is None else spike.recovered_at
        to_peak = spike.peak_step - change_at + AFTER_PEAK
        length = min(max(2 * (end - change_at), SHORTEST), max(LONGEST, to_peak))
        last = min(change_at + length, max(steps, spike.peak_step))
        return cls(spike, change_at, last, min(end, last), near)

    @property
    def level(self) -> float:
        """Geometric mean of base and peak; a loss of at least this level counts as the spike."""
        return sqrt(max(self.spike.base, 1e-12) * self.spike.peak)

    def effect(self, losses: NDArray[np.float64]) -> str:
        """The effect of a change on the spike: prevents, delays or no effect.

        A change prevents the spike if the loss stays below `level` in the whole window, and delays it
        if the loss first reaches `level` after the end of the recorded spike.

        Args:
            losses: (step,) loss of steps `change_at + 1` to `last`; a non-finite loss counts as the
                spike.
        """
        reached = np.flatnonzero(~(losses < self.level))
        if not len(reached):
            return PREVENTS
        first = self.change_at + 1 + int(reached[0])
        return "delays" if first > self.end else "no effect"
