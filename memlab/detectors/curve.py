"""Curves to be judged: a file's series, or a run's column, in chunks that know their steps."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from memlab.detectors.series import CHUNK, Found, find_spikes, is_positive
from memlab.detectors.spike_stats import SpikeStats, spike_stats
from memlab.errors import RunError
from memlab.record.events import Gap, Spike, SpikeOnset
from memlab.record.row_format import Steps, Values
from memlab.record.snapshot import Snapshot

Chunk = tuple[Sequence[int] | NDArray[np.int64], NDArray[np.floating[Any]]]
"""ascending steps, a range where none is missing, and their values"""
Curve = Callable[[], Iterator[Chunk]]
"""reads a curve from its beginning, as often as it is called"""

STEPS = ("noticed", "not_finite_at")
"""details of a spike that are steps"""


def series_curve(steps: NDArray[np.int64], values: NDArray[np.floating[Any]]) -> Iterator[Chunk]:
    """A series in memory, or mapped from a file: (value,) ascending steps and values."""
    for start in range(0, len(steps), CHUNK):
        yield steps[start : start + CHUNK], values[start : start + CHUNK]


def run_curve(now: Snapshot, column: str) -> Iterator[Chunk]:
    """A run's per-step or evaluated column, where it was measured.

    Raises:
        RunError: the run has no such column.
    """
    rows, judged = now.steps, now.evaluations
    if column in rows.columns:
        place = rows.columns.index(column)
        for steps, values in rows.blocks():
            there = rows.recorded(column, values[:, place])
            yield _chunk(steps[there], values[there, place])
    elif column in judged and column != "step":
        steps, values = judged["step"].astype(np.int64), judged[column].astype(np.float32)
        yield _chunk(steps[~np.isnan(values)], values[~np.isnan(values)])
    else:
        names = [*rows.columns, *(name for name in judged if name != "step")]
        raise RunError(f"there is no column {column!r}", allowed=", ".join(names))


def _chunk(steps: Steps, values: Values) -> Chunk:
    whole = len(steps) > 0 and steps[-1] - steps[0] + 1 == len(steps)
    return (range(int(steps[0]), int(steps[-1]) + 1) if whole else steps.tolist()), values


def judge(curve: Curve) -> Found:
    """The spikes of a curve, at its own steps; read twice, first to choose the scale."""
    linear = not is_positive(values for _, values in curve())
    seen: list[Sequence[int] | NDArray[np.int64]] = []

    def values() -> Iterator[NDArray[np.floating[Any]]]:
        for steps, chunk in curve():
            seen.append(steps)
            yield chunk

    found = find_spikes(values(), linear=linear)
    return replace(
        found,
        spikes=[_placed(spike, seen) for spike in found.spikes],
        open=_placed_onset(found.open, seen) if found.open else None,
        steps=max((int(steps[-1]) for steps in seen if len(steps)), default=0),
        gaps=[_placed_gap(gap, seen) for gap in found.gaps],
    )


def recorded(now: Snapshot) -> Found:
    """The spikes in a run's loss, as they were found while it trained."""
    linear = any(spike.details.get("scale") == "linear" for spike in now.spikes)
    return Found(list(now.spikes), now.open_spike, now.last_step, list(now.gaps), linear)


def spike_stats_of(found: Found) -> SpikeStats:
    """What the spikes have in common."""
    return spike_stats(found.spikes, found.steps)


def _placed(spike: Spike, seen: list[Sequence[int] | NDArray[np.int64]]) -> Spike:
    recovered = spike.recovered_at
    return replace(
        spike,
        step=_step(spike.step, seen),
        onset=_step(spike.onset, seen),
        peak_step=_step(spike.peak_step, seen),
        recovered_at=None if recovered is None else _step(recovered, seen),
        details={k: _step(v, seen) if k in STEPS else v for k, v in spike.details.items()},
    )


def _placed_onset(onset: SpikeOnset, seen: list[Sequence[int] | NDArray[np.int64]]) -> SpikeOnset:
    assert onset.noticed is not None
    return replace(onset, step=_step(onset.step, seen), noticed=_step(onset.noticed, seen))


def _placed_gap(gap: Gap, seen: list[Sequence[int] | NDArray[np.int64]]) -> Gap:
    return replace(
        gap,
        step=_step(gap.step, seen),
        first=_step(gap.first, seen),
        last=_step(gap.last, seen),
    )


def _step(place: int, seen: list[Sequence[int] | NDArray[np.int64]]) -> int:
    """The step of the value at a place, counted from 1."""
    for steps in seen:
        if place <= len(steps):
            return int(steps[place - 1])
        place -= len(steps)
    raise AssertionError("a spike lies within its curve")
