"""Interface of engines: plans for batches, their loss and scores."""

from abc import ABC, abstractmethod
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from memlab.measures.scores import Scores
from memlab.models.transformer import Transformer
from memlab.preset.size import RowCounts

Integers = NDArray[np.int64]
CPU = torch.device("cpu")


@dataclass(frozen=True)
class Sequences:
    """A split in host memory, where plans are made: numpy is fastest for so few integers.

    Only the arrays that a plan needs are moved to the device.
    """

    tokens: Integers
    """(example, length) token ids, the last token included"""
    targets: Integers
    """(example, length - 1) the target at each position; -1 = no loss"""
    device: torch.device = CPU
    """device of its plans"""

    def __len__(self) -> int:
        return len(self.tokens)

    def take(self, index: Integers | None) -> "Sequences":
        """The examples with ids `index` (example,), in that order; None = all of them."""
        if index is None:
            return self
        return Sequences(self.tokens[index], self.targets[index], self.device)

    def put(self, numbers: NDArray[np.generic]) -> Tensor:
        """The same arrays as tensors on the device."""
        return torch.from_numpy(np.ascontiguousarray(numbers)).to(self.device)


class BatchPlan(ABC):
    """A batch prepared for one engine. It can be used any number of times."""

    def __init__(self, batch: Sequences) -> None:
        example, position = (batch.targets >= 0).nonzero()
        self.example, self.position = batch.put(example), batch.put(position)
        self.targets = batch.put(batch.targets[example, position])
        self.n_targets, self.n_examples = len(self.targets), len(batch)
        self._cached_counts: Tensor | None = None

    @abstractmethod
    def logits(self, model: Transformer) -> Tensor:
        """(row, d_vocab) logits of each distinct position from which a target is predicted."""

    @property
    @abstractmethod
    def rows(self) -> Tensor | None:
        """(target,) the row of `logits` for each target; None = one row a target, in order."""

    @property
    @abstractmethod
    def row_counts(self) -> RowCounts:
        """Numbers of rows that a forward pass computes."""

    def loss(
        self,
        model: Transformer,
        label_smoothing: float = 0.0,
        dtype: torch.dtype = torch.float32,
    ) -> Tensor:
        """Mean cross-entropy over the targets in nats, differentiable.

        Args:
            model: the weights.
            label_smoothing: share of each target spread evenly over all tokens.
            dtype: precision of softmax and loss.
        """
        logits = self.logits(model).to(dtype)
        if self.rows is None:
            return F.cross_entropy(logits, self.targets, label_smoothing=label_smoothing)
        share = self._counts(self.rows, *logits.shape).to(dtype) / self.n_targets
        if label_smoothing:
            even = share.sum(-1, keepdim=True) / logits.shape[-1]
            share = share.lerp(even.expand_as(share), label_smoothing)
        return -(share * logits.log_softmax(-1)).sum()

    def _counts(self, rows: Tensor, n_rows: int, d_vocab: int) -> Tensor:
        """(row, d_vocab) how often each token is a target of a row."""
        if self._cached_counts is None:
            flat = torch.bincount(rows * d_vocab + self.targets, minlength=n_rows * d_vocab)
            self._cached_counts = flat.view(n_rows, d_vocab).float()
        return self._cached_counts

    @torch.no_grad()
    def scores(self, model: Transformer) -> Scores:
        """Negative log-likelihood and correctness of every target."""
        logits = self.logits(model)
        if self.rows is not None:
            logits = logits[self.rows]
        log_p = logits.double().log_softmax(-1)
        nll = -log_p.gather(1, self.targets.unsqueeze(1)).squeeze(1)
        right = logits.argmax(-1) == self.targets
        return Scores(nll, right, self.example, self.position, self.n_examples)


class Engine(ABC):
    """A way to compute a model's loss on batches of `sequences`."""

    def __init__(self, sequences: Sequences) -> None:
        self.sequences = sequences

    @abstractmethod
    def batch(self, index: Integers | None = None) -> BatchPlan:
        """The examples with ids `index` (example,), or all of them."""

    def parts(self, size: int, index: Integers | None = None) -> list[BatchPlan]:
        """The same examples in order, at most `size` a plan."""
        n = len(self.sequences) if index is None else len(index)
        if n <= size:
            return [self.batch(index)]
        every = np.arange(n) if index is None else index
        return [self.batch(every[i : i + size]) for i in range(0, n, size)]
