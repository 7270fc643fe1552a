"""What a forward pass says about each target: the common ground of losses and accuracies."""

from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True)
class Scores:
    """One entry per target, ordered by (example, position)."""

    nll: Tensor
    """(target,) float64, cross-entropy in nats"""
    right: Tensor
    """(target,) bool, the most likely token is the target"""
    example: Tensor
    """(target,) place of the example in the batch as given"""
    position: Tensor
    """(target,) position that predicts the target"""

    def exact(self, n_examples: int) -> Tensor:
        """(example,) bool: all of an example's targets are right. None at all count as right."""
        wrong = torch.zeros(n_examples, dtype=torch.int64, device=self.right.device)
        wrong.index_add_(0, self.example, (~self.right).long())
        return wrong == 0


def score(logits: Tensor, targets: Tensor, example: Tensor, position: Tensor) -> Scores:
    """Scores of `logits` (target, d_vocab) against `targets` (target,)."""
    log_p = logits.double().log_softmax(-1)
    nll = -log_p.gather(1, targets.unsqueeze(1)).squeeze(1)
    return Scores(nll, logits.argmax(-1) == targets, example, position)
