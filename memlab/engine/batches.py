"""Which examples an update sees: a function of the seed and the step, so nothing need be saved."""

import numpy as np
import torch
from torch import Tensor

from memlab.tasks.seeds import Seeds


class Batches:
    """The examples of every update.

    Each epoch is a fresh permutation; its incomplete last batch is dropped.
    """

    def __init__(self, n_examples: int, batch_size: int, seeds: Seeds, device: torch.device):
        """A `batch_size` of at least `n_examples` means all examples in every update."""
        self.n_examples, self.seeds, self.device = n_examples, seeds, device
        self.size = None if batch_size >= n_examples else batch_size
        self.per_epoch = 1 if self.size is None else n_examples // self.size
        self._epoch = -1
        self._order = torch.empty(0)

    def at(self, step: int) -> Tensor | None:
        """Example numbers of update `step` (from 1); None means all of them."""
        if self.size is None:
            return None
        epoch, place = divmod(step - 1, self.per_epoch)
        if epoch != self._epoch:
            order = self.seeds.rng("batches", epoch).permutation(self.n_examples)
            self._order = torch.from_numpy(order.astype(np.int64)).to(self.device)
            self._epoch = epoch
        return self._order[place * self.size : (place + 1) * self.size]
