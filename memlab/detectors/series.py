"""Spikes in any series of values, which may arrive in chunks."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from memlab.detectors.detector import Context
from memlab.detectors.evidence import BASE, LEAST_NOISES, MEMORY, READY, SpikeRule
from memlab.detectors.spikes import NEGATIVE, SpikeDetector
from memlab.record.events import COLUMNS, Ended, Gap, Rows, Spike, SpikeOnset

CHUNK = 65536
"""number of values in memory at a time"""
UNDERFLOW = 1e-6
"""nats: where losses are this small, exact zeros are due to rounding"""

OF_A_GRADIENT = ("grad_norm_ratio", "grad_norm_peak_step")
"""details of a spike that need more than the loss"""

_RULE = (
    f"{SpikeRule().eight} to {SpikeRule().four} units over 8 or 4 steps, {SpikeRule().two} over 2, "
    f"or {SpikeRule().one} at once"
)
_NOISE = f"in units of the noise of the last {MEMORY} steps, from step {READY} on"
HOW = (
    f"log10(loss) against the median of the {BASE} steps before, {_NOISE}. A spike rises by a factor "
    f"of two and more, and by {_RULE}."
)
"""how spikes in a positive series are detected, as text"""
HOW_LINEAR = (
    f"its values, which are not all positive, on a linear scale against the median of the {BASE} "
    f"steps before, {_NOISE}. A spike rises by {LEAST_NOISES} units and more, and by {_RULE}."
)
"""how spikes in any other series are detected"""


@dataclass(frozen=True)
class SpikeSearch:
    """The spikes of a series, whose first value is step 1."""

    spikes: list[Spike]
    open: SpikeOnset | None
    """a spike that had not closed when the series ended"""
    steps: int
    gaps: list[Gap] = field(default_factory=list)
    """where values are not finite"""
    linear: bool = False
    """detected on a linear scale"""

    @property
    def how(self) -> str:
        """How spikes were detected, as text."""
        return HOW_LINEAR if self.linear else HOW


def is_positive(values: Iterable[ArrayLike]) -> bool:
    """Whether a log scale suits a series: all values positive, apart from zeros due to rounding."""
    lowest, highest, zeros, least = np.inf, -np.inf, False, np.inf
    for chunk in values:
        finite = np.atleast_1d(np.asarray(chunk, np.float64))
        finite = finite[np.isfinite(finite)]
        lowest = min(lowest, float(finite.min(initial=np.inf)))
        highest = max(highest, float(finite.max(initial=-np.inf)))
        zeros |= bool((finite == 0).any())
        least = min(least, float(finite.min(where=finite > 0, initial=np.inf)))
    if lowest < NEGATIVE or -lowest > UNDERFLOW * highest:
        return False
    return not zeros or least <= UNDERFLOW


def find_spikes(
    losses: Iterable[ArrayLike], context: Context | None = None, linear: bool = False
) -> SpikeSearch:
    """The spikes of losses that arrive in chunks of any size, as a live run would detect them.

    The series is complete: if its last values are not finite, it has diverged.
    """
    detector = SpikeDetector(context or Context(), linear=linear)
    spikes: list[Spike] = []
    gaps: dict[int, Gap] = {}
    onset: SpikeOnset | None = None
    step = 0
    for event in _events(losses, detector):
        if isinstance(event, Rows):
            step = event.step
        elif isinstance(event, Gap):
            gaps[event.first] = event
        elif isinstance(event, Spike):
            details = {k: v for k, v in event.details.items() if k not in OF_A_GRADIENT}
            spikes.append(replace(event, details=details))
            onset = None
        elif isinstance(event, SpikeOnset):
            onset = event
    return SpikeSearch(spikes, onset, step, list(gaps.values()), linear)


def _events(losses: Iterable[ArrayLike], detector: SpikeDetector) -> Iterator[Any]:
    """Rows, each followed by the events detected in them; finally the events at the end."""
    step = 0
    for column in _pieces(losses):
        values: NDArray[Any] = np.ones((len(column), len(COLUMNS)))
        values[:, COLUMNS.index("loss")] = column
        step += len(column)
        rows = Rows(step=step, values=values)
        yield rows
        yield from detector.see(rows)
    yield from detector.see(Ended(step=step, reason="finished"))


def _pieces(losses: Iterable[ArrayLike]) -> Iterator[NDArray[np.float64]]:
    """The same losses in chunks of bounded size."""
    for chunk in losses:
        values = np.atleast_1d(np.asarray(chunk, np.float64))
        for start in range(0, len(values), CHUNK):
            yield values[start : start + CHUNK]
