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
    """The token sequences of a split in host memory. Plans are built with numpy, which is faster than
    torch for small integer arrays; only the arrays of a plan are moved to the device.
    """

    tokens: Integers
    """(example, length) token ids, including the last token, which is only a target"""
    targets: Integers
    """(example, length - 1) target of the prediction at each position; -1 = no loss"""
    device: torch.device = CPU
    """device of the tensors of plans"""

    def __len__(self) -> int:
        return len(self.tokens)

    def take(self, index: Integers | None) -> "Sequences":
        """The examples with ids `index` (example,), in that order; None = all of them."""
        if index is None:
            return self
        return Sequences(self.tokens[index], self.targets[index], self.device)

    def put(self, numbers: NDArray[np.generic]) -> Tensor:
        """The array as a tensor on the device."""
        return torch.from_numpy(np.ascontiguousarray(numbers)).to(self.device)


class BatchPlan(ABC):
    """A batch prepared for one engine, for any number of forward passes.

    `example`, `position` and `targets` are (target,), ordered by example, then by position.
    """

    def __init__(self, batch: Sequences) -> None:
        example, position = (batch.targets >= 0).nonzero()
        self.example, self.position = batch.put(example), batch.put(position)
        self.targets = batch.put(batch.targets[example, position])
        self.n_targets, self.n_examples = len(self.targets), len(batch)
        self._cached_counts: Tensor | None = None

    @abstractmethod
    def logits(self, model: Transformer) -> Tensor:
        """(row, d_vocab) logits of each distinct row from which a target is predicted."""

    @property
    @abstractmethod
    def rows(self) -> Tensor | None:
        """(target,) row of `logits` of each target; None = one row per target, in order."""

    @property
    @abstractmethod
    def row_counts(self) -> RowCounts:
        """Numbers of rows in each part of a forward pass."""

    def target_logits(self, model: Transformer) -> Tensor:
        """(target, d_vocab) logits of the prediction of each target."""
        logits = self.logits(model)
        return logits if self.rows is None else logits[self.rows]

    def loss(
        self,
        model: Transformer,
        label_smoothing: float = 0.0,
        dtype: torch.dtype = torch.float32,
    ) -> Tensor:
        """Mean cross-entropy over the targets in nats, differentiable.

        With shared rows, the targets of a row form a distribution, and the loss is the cross-entropy
        with that distribution, weighted by the number of targets of the row.

        Args:
            model: the weights.
            label_smoothing: fraction of each target that is distributed evenly over all tokens.
            dtype: precision of softmax and loss.
        """
        logits = self.logits(model).to(dtype)
        if self.rows is None:
            return F.cross_entropy(logits, self.targets, label_smoothing=label_smoothing)
        # (row, d_vocab) fraction of all targets that are this token in this row; sums to 1
        target_weight = self._counts(self.rows, *logits.shape).to(dtype) / self.n_targets
        if label_smoothing:
            even = target_weight.sum(-1, keepdim=True) / logits.shape[-1]
            target_weight = target_weight.lerp(even.expand_as(target_weight), label_smoothing)
        return -(target_weight * logits.log_softmax(-1)).sum()

    def _counts(self, rows: Tensor, n_rows: int, d_vocab: int) -> Tensor:
        """(row, d_vocab) how often each token is a target of the row."""
        if self._cached_counts is None:
            flat = torch.bincount(rows * d_vocab + self.targets, minlength=n_rows * d_vocab)
            self._cached_counts = flat.view(n_rows, d_vocab).float()
        return self._cached_counts

    @torch.no_grad()
    def scores(self, model: Transformer) -> Scores:
        """Negative log-likelihood (float64) and correctness of every target."""
        logits = self.target_logits(model)
        log_p = logits.double().log_softmax(-1)
        nll = -log_p.gather(1, self.targets.unsqueeze(1)).squeeze(1)
        right = logits.argmax(-1) == self.targets
        return Scores(nll, right, self.example, self.position, self.n_examples)


class Engine(ABC):
    """Prepares batches of `sequences`, and defines how a model is computed on them."""

    def __init__(self, sequences: Sequences) -> None:
        self.sequences = sequences

    @abstractmethod
    def batch(self, index: Integers | None = None) -> BatchPlan:
        """A plan for the examples with ids `index` (example,); None = all examples."""

    def parts(self, size: int, index: Integers | None = None) -> list[BatchPlan]:
        """Plans for consecutive parts of the same examples, at most `size` examples per plan."""
        n = len(self.sequences) if index is None else len(index)
        if n <= size:
            return [self.batch(index)]
        every = np.arange(n) if index is None else index
        return [self.batch(every[i : i + size]) for i in range(0, n, size)]
