"""Mixtures and curricula: the groups of examples from which training draws in each stage.

If a data set has stages, the examples of update `step` (from 1) of `steps` are

    Mixture(train.group).draw(stage_at(stages, step, steps), batch_size, seeds.rng("batches", step))

so they depend only on the seed and the step. `batch_size: full` draws as many as there are examples.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from memlab.tasks.splits import share


@dataclass(frozen=True)
class Stage:
    """A part of a run with its own mixture of the groups of the data set."""

    name: str
    start: float
    """fraction of the updates of the run before the stage, 0..1, rounded down to whole updates"""
    weights: tuple[float, ...]
    """(group,) relative sampling weight of each group; 0 = never"""


def stage_at(stages: Sequence[Stage], step: int, steps: int) -> Stage:
    """The stage of update `step` (from 1) of `steps`; `stages` are in order, the first starts at 0."""
    return [stage for stage in stages if share(stage.start, steps) < step][-1]


class Mixture:
    """Draws training examples by group."""

    def __init__(self, group: NDArray[np.int64]) -> None:
        """`group` (example,): group of each training example."""
        self._rows: NDArray[np.int64] = np.argsort(group, kind="stable")
        self._size = np.bincount(group)
        self._first = np.cumsum(self._size) - self._size

    def draw(self, stage: Stage, n: int, rng: np.random.Generator) -> NDArray[np.int64]:
        """(example,) ids of `n` examples: a group by weight, then one of its examples uniformly.

        Examples are drawn with replacement. The result depends only on the arguments.
        """
        weights = np.array(stage.weights)
        group = rng.choice(len(weights), n, p=weights / weights.sum())
        index = (rng.random(n) * self._size[group]).astype(np.int64)  # within the group
        return np.take(self._rows, self._first[group] + index)
