"""Summary statistics of the spikes of a run."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from memlab.record.events import Spike

ENOUGH = 4
"""number of intervals needed to state a period"""
REGULAR = 0.3
"""relative spread of the intervals up to which spikes count as periodic"""


@dataclass(frozen=True)
class SpikeStats:
    """Summary statistics of spikes."""

    n: int
    per_1000_steps: float
    height: float | None
    """median, decades from base to peak (linear scale: in the series' unit), of those whose every
    value was finite"""
    recovery: float | None
    """median, steps from onset to recovery, of those that recovered"""
    period: float | None
    """steps from one onset to the next, if regular"""


def spike_stats(spikes: Sequence[Spike], steps: int) -> SpikeStats:
    """Statistics of the spikes, ordered by onset, of a run of `steps` updates."""
    # A spike that is still open has no height yet.
    known = [spike.details for spike in spikes if "height" in spike.details]
    heights = [float(d["height"]) for d in known if "not_finite_at" not in d]
    recoveries = [s.recovered_at - s.onset for s in spikes if s.recovered_at is not None]
    return SpikeStats(
        n=len(spikes),
        per_1000_steps=1000 * len(spikes) / max(steps, 1),
        height=float(np.median(heights)) if heights else None,
        recovery=float(np.median(recoveries)) if recoveries else None,
        period=period([spike.onset for spike in spikes]),
    )


def period(onsets: Sequence[int]) -> float | None:
    """The median interval, if at least four intervals lie close to it."""
    intervals = np.diff(onsets)
    if len(intervals) < ENOUGH:
        return None
    middle = float(np.median(intervals))
    spread = 1.4826 * float(np.median(np.abs(intervals - middle)))
    return middle if spread <= REGULAR * middle else None
