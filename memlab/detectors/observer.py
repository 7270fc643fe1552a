"""Detectors on a run that memlab does not train: rows may have gaps in the step, or no loss.

Detectors count rows; this module maps their counts to the steps of the run.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, final

import numpy as np
from numpy.typing import NDArray

from memlab.detectors.detector import Context
from memlab.detectors.open_spike import LINGERING, LOOK_BACK
from memlab.detectors.phases import PhaseDetector
from memlab.detectors.spikes import SpikeDetector
from memlab.record.events import COLUMNS, Ended, Event, Gap, Rows, Spike, SpikeOnset
from memlab.record.row_format import Steps, Values, is_missing

LOSS_NAMES = ("loss", "train_loss", "train/loss")
"""the column in which spikes are detected: the first of these that is recorded"""
GRAD_NORM_NAMES = ("grad_norm", "train/grad_norm", "gnorm")
MEMORY = LINGERING + LOOK_BACK + 8
"""number of rows whose steps are stored: no spike is open for longer"""
STEP_DETAILS = ("noticed", "not_finite_at", "grad_norm_peak_step")
"""details of a spike that are steps"""


@final
class RunObserver:
    """Detects spikes in the loss and phases in the evaluations."""

    def __init__(
        self, context: Context | None = None, loss: str | None = None, linear: bool = False
    ) -> None:
        """
        Args:
            loss: the column in which spikes are detected; None = see `LOSS_NAMES`.
            linear: it is known not to be positive; see `is_positive`.
        """
        context = context or Context()
        self._spikes = SpikeDetector(context, linear=linear)
        self._phases = PhaseDetector(context)
        self._loss_names = LOSS_NAMES if loss is None else (loss,)
        self._n = 0
        """number of rows seen"""
        self._steps = np.zeros(0, np.int64)
        """their steps, the last `MEMORY` only"""
        self._gap: tuple[int, int] | None = None
        """row and step at which the last reported gap began; it may be longer than `MEMORY`"""

    def rows(self, steps: Steps, columns: Mapping[str, NDArray[np.floating[Any]]]) -> list[Event]:
        """Spikes that begin or close in rows whose steps follow the previous ones."""
        loss = _first(columns, self._loss_names)
        if loss is None:
            return []
        recorded = ~is_missing(loss)
        steps, n = steps[recorded], int(recorded.sum())
        if not n:
            return []
        grad_norm = _first(columns, GRAD_NORM_NAMES)
        table: NDArray[Any] = np.ones((n, len(COLUMNS)))
        table[:, COLUMNS.index("loss")] = loss[recorded]
        if grad_norm is not None:
            norms = grad_norm[recorded]
            table[:, COLUMNS.index("grad_norm")] = np.where(is_missing(norms), 1.0, norms)
        self._n += n
        self._steps = np.concatenate((self._steps, steps))
        detected = self._spikes.see(Rows(step=self._n, values=table))
        placed = [self._placed(event) for event in detected]
        self._steps = self._steps[-MEMORY:]
        return placed

    def event(self, event: Event) -> list[Event]:
        """Phases detected at an evaluation; a change or an edit resets the base of the spikes.

        At the end of a run, an open gap is reported as a divergence.
        """
        if isinstance(event, Ended):
            event = replace(event, step=self._n)
        spikes = [self._placed(one) for one in self._spikes.see(event)]
        return [*spikes, *self._phases.see(event)]

    def _placed(self, event: Event) -> Event:
        """The same event at the run's own steps."""
        if isinstance(event, SpikeOnset):
            noticed = None if event.noticed is None else self._step(event.noticed)
            return replace(event, step=self._step(event.step), noticed=noticed)
        if isinstance(event, Spike):
            return replace(
                event,
                step=self._step(event.step),
                onset=self._step(event.onset),
                peak_step=self._step(event.peak_step),
                recovered_at=None if event.recovered_at is None else self._step(event.recovered_at),
                details={
                    name: self._step(value) if name in STEP_DETAILS else value
                    for name, value in event.details.items()
                },
            )
        if isinstance(event, Gap):
            if self._gap is None or self._gap[0] != event.first:
                self._gap = event.first, self._step(event.first)
            return replace(
                event,
                step=self._step(event.step),
                first=self._gap[1],
                last=self._step(event.last),
            )
        return event

    def _step(self, row: int) -> int:
        """The step of a row, counted from 1."""
        index = row - 1 - (self._n - len(self._steps))
        return int(self._steps[min(max(index, 0), len(self._steps) - 1)])


def _first(
    columns: Mapping[str, NDArray[np.floating[Any]]], names: tuple[str, ...]
) -> Values | None:
    return next((columns[name] for name in names if name in columns), None)
