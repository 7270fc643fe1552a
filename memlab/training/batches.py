"""The examples of each update: a function of seed and step, so that no state needs saving."""

import numpy as np
from numpy.typing import NDArray

from memlab.preset.facts import Facts
from memlab.tasks.seeds import Seeds
from memlab.tasks.splits import share
from memlab.tasks.stages import Mixture, Stage, stage_at


class Batches:
    """Chooses the examples of every update.

    Without stages each epoch is a fresh permutation, its incomplete last batch dropped. With stages
    every update draws from the mixture of its stage.
    """

    def __init__(self, known: Facts, seeds: Seeds) -> None:
        self.n_examples, self.seeds = len(known.train), seeds
        self.size = known.batch_size
        self.per_epoch = known.updates_per_epoch
        self.stages = known.dataset.stages
        self._mixture = Mixture(known.train.group) if self.stages else None
        self._epoch = -1
        self._order = np.empty(0, np.int64)

    @property
    def whole(self) -> bool:
        """Whether every update uses all examples."""
        return self._mixture is None and self.size >= self.n_examples

    def at(self, step: int, steps: int) -> NDArray[np.int64] | None:
        """Example ids of update `step` (from 1) of `steps`; None means all of them."""
        if self.whole:
            return None
        if self._mixture is not None:
            rng = self.seeds.rng("batches", step)
            stage = stage_at(self.stages, step, steps)
            return self._mixture.draw(stage, self.size, rng)
        epoch, place = divmod(step - 1, self.per_epoch)
        if epoch != self._epoch:
            rng = self.seeds.rng("batches", epoch)
            self._order, self._epoch = rng.permutation(self.n_examples), epoch
        return self._order[place * self.size : (place + 1) * self.size]

    def stage(self, step: int, steps: int) -> Stage | None:
        return stage_at(self.stages, step, steps) if self.stages else None

    def boundaries(self, steps: int) -> list[int]:
        """The updates after which another stage begins."""
        return [share(stage.start, steps) for stage in self.stages]
