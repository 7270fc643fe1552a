"""States of the last few hundred steps, kept in memory and committed when a spike starts.

To test the cause of a spike, training is recomputed from before its onset. Checkpoints are hundreds or
thousands of steps apart; the recorder keeps a state from 100 to 300 steps before the onset.

Memory: `COPIES` copies of weights, moments and per-example history, and the best weights; with
quickstart 3 * 3.4 MB. Disk: the checkpoints of the `training.keep_spikes` highest spikes.
"""

import math
from collections import deque
from dataclasses import dataclass
from typing import final

from memlab.record.checkpoints import Checkpoints
from memlab.record.events import Event, Spike, SpikeOnset
from memlab.training.checkpoint import BEST, StateTensors, state_tensors
from memlab.training.state import TrainState

RECORD_EVERY = 200
"""steps between copies; blocks of updates end at these steps, so that copies do not depend on the clock"""
MARGIN = 100
"""minimum number of steps between the committed copy and the onset"""
COPIES = 3
"""onsets are reported at most about 20 steps late, so one of three copies precedes the onset by `MARGIN`"""


@dataclass(frozen=True)
class _KeptSpike:
    """Height of a spike and the step of the checkpoint before it."""

    peak: float
    """nats; infinite while the spike is open"""
    checkpoint: int


@final
class FlightRecorder:
    """Copies recent states, and decides which checkpoints before spikes are kept.

    Args:
        checkpoints: of the run.
        keep_spikes: number of spikes, the highest ones, whose checkpoints are kept; 0 = off.
    """

    def __init__(self, checkpoints: Checkpoints, keep_spikes: int) -> None:
        self._checkpoints, self._keep = checkpoints, keep_spikes
        self._copies: deque[StateTensors] = deque(maxlen=COPIES)
        self._spikes: dict[int, _KeptSpike] = {}
        """onset to spike"""

    def record(self, state: TrainState, seq: int) -> None:
        """Copy the state every `RECORD_EVERY` steps; `seq` is the number of the next event."""
        due = self._keep > 0 and state.step > 0 and state.step % RECORD_EVERY == 0
        if not due or state.queue or (self._copies and self._copies[-1].step >= state.step):
            return
        copy = state_tensors(state, seq).copied()
        if state.best is not None:  # never modified in place, so no copy is needed
            copy = StateTensors(copy.step, copy.facts, {**copy.tensors, BEST: state.best.weights})
        self._copies.append(copy)

    def observe(self, event: Event) -> StateTensors | None:
        """Follow the spikes of the run.

        Returns:
            A state that must be committed: a spike has started, and no checkpoint precedes it as
            closely.
        """
        match event:
            case SpikeOnset() if self._keep > 0:
                return self._start(event.step)
            case Spike() if event.onset in self._spikes:
                spike = self._spikes[event.onset]
                self._spikes[event.onset] = _KeptSpike(event.peak, spike.checkpoint)
                self._drop_low()
        return None

    def _start(self, onset: int) -> StateTensors | None:
        last = onset - MARGIN
        copy = next((copy for copy in reversed(self._copies) if copy.step <= last), None)
        stored = self._checkpoints.newest_to_resume(last)
        if stored is not None and (copy is None or copy.step <= stored):
            copy = None
        elif copy is not None:
            stored = copy.step
        if stored is not None:
            self._spikes[onset] = _KeptSpike(float("inf"), stored)
        return copy

    def _drop_low(self) -> None:
        # An open spike has no final peak yet, so it does not displace closed ones.
        closed = [onset for onset, spike in self._spikes.items() if math.isfinite(spike.peak)]
        ranked = sorted(closed, key=lambda onset: self._spikes[onset].peak)
        for onset in ranked[: max(0, len(ranked) - self._keep)]:
            del self._spikes[onset]

    @property
    def kept(self) -> set[int]:
        """Steps of the checkpoints that must not be pruned."""
        return {spike.checkpoint for spike in self._spikes.values()}
