"""Curves in which spikes are detected: a series of a file, or a column of a run, in chunks."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from memlab.detectors.series import CHUNK, SpikeSearch, find_spikes, is_positive
from memlab.detectors.spike_stats import SpikeStats, spike_stats
from memlab.errors import RunError
from memlab.record.events import Gap, Spike, SpikeOnset
from memlab.record.row_format import Steps, Values
from memlab.record.snapshot import Snapshot

Chunk = tuple[Sequence[int] | NDArray[np.int64], NDArray[np.floating[Any]]]
"""ascending steps, a range where none is missing, and their values"""
Curve = Callable[[], Iterator[Chunk]]
"""reads a curve from its beginning; can be called again"""

STEPS = ("noticed", "not_finite_at")
"""details of a spike that are steps"""


def series_curve(steps: NDArray[np.int64], values: NDArray[np.floating[Any]]) -> Iterator[Chunk]:
    """A series in memory or memory-mapped: ascending steps and values, both (value,)."""
    for start in range(0, len(steps), CHUNK):
        yield steps[start : start + CHUNK], values[start : start + CHUNK]


def iter_column(now: Snapshot, column: str) -> Iterator[Chunk]:
    """A per-step or evaluated column of a run, at the steps where it was recorded.

    Raises:
        RunError: the run has no such column.
    """
    rows, evaluations = now.steps, now.evaluations
    if column in rows.columns:
        place = rows.columns.index(column)
        for steps, values in rows.blocks():
            recorded = rows.recorded(column, values[:, place])
            yield _chunk(steps[recorded], values[recorded, place])
    elif column in evaluations and column != "step":
        steps, values = evaluations["step"].astype(np.int64), evaluations[column].astype(np.float32)
        yield _chunk(steps[~np.isnan(values)], values[~np.isnan(values)])
    else:
        names = [*rows.columns, *(name for name in evaluations if name != "step")]
        raise RunError(f"no column {column!r}", allowed=", ".join(names))


def _chunk(steps: Steps, values: Values) -> Chunk:
    contiguous = len(steps) > 0 and steps[-1] - steps[0] + 1 == len(steps)
    return (range(int(steps[0]), int(steps[-1]) + 1) if contiguous else steps.tolist()), values


def find_curve_spikes(curve: Curve) -> SpikeSearch:
    """The spikes of a curve, at its own steps. Reads it twice, first to choose the scale."""
    linear = not is_positive(values for _, values in curve())
    seen: list[Sequence[int] | NDArray[np.int64]] = []

    def values() -> Iterator[NDArray[np.floating[Any]]]:
        for steps, chunk in curve():
            seen.append(steps)
            yield chunk

    result = find_spikes(values(), linear=linear)
    return replace(
        result,
        spikes=[_placed(spike, seen) for spike in result.spikes],
        open=_placed_onset(result.open, seen) if result.open else None,
        steps=max((int(steps[-1]) for steps in seen if len(steps)), default=0),
        gaps=[_placed_gap(gap, seen) for gap in result.gaps],
    )


def recorded_spikes(now: Snapshot) -> SpikeSearch:
    """The spikes in a run's loss as they were detected during training."""
    linear = any(spike.details.get("scale") == "linear" for spike in now.spikes)
    return SpikeSearch(list(now.spikes), now.open_spike, now.last_step, list(now.gaps), linear)


def spike_stats_of(search: SpikeSearch) -> SpikeStats:
    return spike_stats(search.spikes, search.steps)


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


def _step(index: int, seen: list[Sequence[int] | NDArray[np.int64]]) -> int:
    """The step of the value at an index, counted from 1."""
    for steps in seen:
        if index <= len(steps):
            return int(steps[index - 1])
        index -= len(steps)
    raise AssertionError("a spike lies within its curve")
