"""Mixtures and curricula: which groups of examples training draws from, and when.

Where a data set has stages, the examples of update `step` (from 1) of `steps` are

    Mixture(train.group).draw(stage_at(stages, step, steps), batch_size, seeds.rng("batches", step))

so they depend on the seed and the step alone. `batch_size: full` draws as many as there are.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from memlab.tasks.splits import share


@dataclass(frozen=True)
class Stage:
    """A segment of a run with its own mixture of the data set's groups."""

    name: str
    start: float
    """share of the run's updates that come before it, 0 to 1, rounded down to whole updates"""
    weights: tuple[float, ...]
    """(group,) how often each group is drawn, relative to the others; 0 = never"""


def stage_at(stages: Sequence[Stage], step: int, steps: int) -> Stage:
    """The stage of update `step` (from 1) of `steps`; the stages begin at 0 and follow in order."""
    return [stage for stage in stages if share(stage.start, steps) < step][-1]


class Mixture:
    """Draws training examples by group."""

    def __init__(self, group: NDArray[np.int64]) -> None:
        """`group` (example,): group of each training example."""
        self._rows: NDArray[np.int64] = np.argsort(group, kind="stable")
        self._size = np.bincount(group)
        self._first = np.cumsum(self._size) - self._size

    def draw(self, stage: Stage, n: int, rng: np.random.Generator) -> NDArray[np.int64]:
        """`n` examples with replacement: a group by weight, then one of its examples, uniformly.

        Depends on nothing but its arguments: give it a generator seeded by the step.
        """
        weights = np.array(stage.weights)
        group = rng.choice(len(weights), n, p=weights / weights.sum())
        place = (rng.random(n) * self._size[group]).astype(np.int64)
        return np.take(self._rows, self._first[group] + place)
