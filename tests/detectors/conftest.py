"""A fixture that runs the spike detector on a curve."""

import json
import sys
from collections.abc import Callable, Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import ArrayLike

from memlab.detectors.detector import Context
from memlab.detectors.spikes import SpikeDetector
from memlab.record.events import Event, to_json

sys.path.insert(0, str(Path(__file__).parents[2]))
from benchmarks.spikes.score import rows_of

Watch = Callable[..., list[Event]]


@pytest.fixture(scope="session")
def watch() -> Watch:
    """Run the detector on losses, divided at `cuts`; with `saved`, restore its state at each cut."""

    def run(
        loss: ArrayLike, cuts: Sequence[int] = (), saved: bool = False, chance: float | None = None
    ) -> list[Event]:
        loss = np.asarray(loss, dtype=np.float32)
        detector = SpikeDetector(Context(chance_loss=chance))
        found: list[Event] = []
        edges = [0, *sorted({c for c in cuts if 0 < c < len(loss)}), len(loss)]
        for start, stop in pairwise(edges):
            if stop > start:
                found += detector.see(rows_of(loss[start:stop], start + 1))
            if saved:
                state = json.loads(json.dumps(detector.state(), allow_nan=False))
                detector = SpikeDetector(Context(chance_loss=chance))
                detector.restore(state)
        for event in found:
            json.dumps(to_json(event), allow_nan=False)
        return found

    return run
