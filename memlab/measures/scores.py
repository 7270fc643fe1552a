"""What a forward pass says about each target: the common ground of losses and accuracies."""

from collections.abc import Sequence
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
    n_examples: int
    """examples in the batch, those without targets included"""

    @classmethod
    def concatenate(cls, parts: Sequence["Scores"]) -> "Scores":
        """Scores of consecutive parts of a split; examples are numbered on."""
        starts = [0]
        for part in parts:
            starts.append(starts[-1] + part.n_examples)
        return cls(
            torch.cat([part.nll for part in parts]),
            torch.cat([part.right for part in parts]),
            torch.cat([part.example + start for part, start in zip(parts, starts, strict=False)]),
            torch.cat([part.position for part in parts]),
            starts[-1],
        )
