"""Curves to be judged: a file's values, or a run's column, in chunks that know their steps."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from memlab.detectors.series import CHUNK, Found, find_spikes, read_series
from memlab.detectors.spike_stats import SpikeStats, spike_stats
from memlab.errors import RunError
from memlab.record.events import SPARSE, Spike, SpikeOnset
from memlab.record.snapshot import Snapshot

Chunk = tuple[Sequence[int], NDArray[np.float32]]
"""ascending steps, a range where none is missing, and their values"""

STEPS = ("noticed", "not_finite_at")
"""details of a spike that are steps"""


def file_curve(path: Path, column: str | None = None) -> Iterator[Chunk]:
    """A file's values, which are steps 1, 2, ...; see `read_series`."""
    first = 1
    for values in read_series(path, column):
        yield range(first, first + len(values)), values
        first += len(values)


def run_curve(now: Snapshot, column: str) -> Iterator[Chunk]:
    """A run's per-step or evaluated column, where it was measured.

    Raises:
        RunError: the run has no such column.
    """
    rows, judged = now.steps, now.evaluations
    if column in rows.columns:
        for first in range(1, rows.last_step + 1, CHUNK):
            steps, values = rows.read(first, first + CHUNK - 1)
            yield _measured(steps, values[:, rows.columns.index(column)], column in SPARSE)
    elif column in judged and column != "step":
        yield _measured(judged["step"].astype(np.int64), judged[column].astype(np.float32), True)
    else:
        names = [*rows.columns, *(name for name in judged if name != "step")]
        raise RunError(f"there is no column {column!r}", allowed=", ".join(names))


def _measured(steps: NDArray[np.int64], values: NDArray[np.float32], sparse: bool) -> Chunk:
    """The same; of a column with gaps, what lies between them."""
    measured = ~np.isnan(values) if sparse else np.ones(len(values), np.bool_)
    steps, values = steps[measured], values[measured]
    whole = len(steps) > 0 and steps[-1] - steps[0] + 1 == len(steps)
    return (range(int(steps[0]), int(steps[-1]) + 1) if whole else steps.tolist()), values


def judge(curve: Iterator[Chunk]) -> Found:
    """The spikes of a curve, at its own steps."""
    seen: list[Sequence[int]] = []

    def values() -> Iterator[NDArray[np.float32]]:
        for steps, chunk in curve:
            seen.append(steps)
            yield chunk

    found = find_spikes(values())
    return Found(
        [_placed(spike, seen) for spike in found.spikes],
        _placed_onset(found.open, seen) if found.open else None,
        max((steps[-1] for steps in seen if steps), default=0),
    )


def recorded(now: Snapshot) -> Found:
    """The spikes in a run's loss, as they were found while it trained."""
    return Found(list(now.spikes), now.open_spike, now.last_step)


def spike_stats_of(found: Found) -> SpikeStats:
    """What the spikes have in common."""
    return spike_stats(found.spikes, found.steps)


def _placed(spike: Spike, seen: list[Sequence[int]]) -> Spike:
    recovered = spike.recovered_at
    return replace(
        spike,
        step=_step(spike.step, seen),
        onset=_step(spike.onset, seen),
        peak_step=_step(spike.peak_step, seen),
        recovered_at=None if recovered is None else _step(recovered, seen),
        details={k: _step(v, seen) if k in STEPS else v for k, v in spike.details.items()},
    )


def _placed_onset(onset: SpikeOnset, seen: list[Sequence[int]]) -> SpikeOnset:
    assert onset.noticed is not None
    return replace(onset, step=_step(onset.step, seen), noticed=_step(onset.noticed, seen))


def _step(place: int, seen: list[Sequence[int]]) -> int:
    """The step of the value at a place, counted from 1."""
    for steps in seen:
        if place <= len(steps):
            return steps[place - 1]
        place -= len(steps)
    raise AssertionError("a spike lies within its curve")
