"""The examples of each update: a function of seed and step, so that checkpoints need no state of it."""

import numpy as np
from numpy.typing import NDArray

from memlab.preset.facts import Facts
from memlab.tasks.seeds import Seeds
from memlab.tasks.splits import share
from memlab.tasks.stages import Mixture, Stage, stage_at


class Batches:
    """Chooses the examples of every update.

    Without stages each epoch is a new permutation of the examples, without its incomplete last
    batch. With stages every update draws from the mixture of its stage, with replacement.
    """

    def __init__(self, facts: Facts, seeds: Seeds) -> None:
        self.n_examples, self.seeds = len(facts.train), seeds
        self.size = facts.batch_size
        self.per_epoch = facts.updates_per_epoch
        self.stages = facts.dataset.stages
        self._mixture = Mixture(facts.train.group) if self.stages else None
        self._epoch = -1
        self._order = np.empty(0, np.int64)

    @property
    def whole(self) -> bool:
        """Whether every update uses all examples."""
        return self._mixture is None and self.size >= self.n_examples

    def at(self, step: int, steps: int) -> NDArray[np.int64] | None:
        """(example,) ids of the examples of update `step` (from 1) of `steps`; None = all of them."""
        if self.whole:
            return None
        if self._mixture is not None:
            rng = self.seeds.rng("batches", step)
            stage = stage_at(self.stages, step, steps)
            return self._mixture.draw(stage, self.size, rng)
        epoch, batch = divmod(step - 1, self.per_epoch)
        if epoch != self._epoch:
            rng = self.seeds.rng("batches", epoch)
            self._order, self._epoch = rng.permutation(self.n_examples), epoch
        return self._order[batch * self.size : (batch + 1) * self.size]

    def stage(self, step: int, steps: int) -> Stage | None:
        """The stage of update `step` (from 1) of `steps`; None without stages."""
        return stage_at(self.stages, step, steps) if self.stages else None

    def boundaries(self, steps: int) -> list[int]:
        """The updates after which another stage begins."""
        return [share(stage.start, steps) for stage in self.stages]
