"""What a forward pass says about each target: the common ground of losses and accuracies."""

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class Scores:
    """One entry per target, ordered by (example, position)."""

    nll: "Tensor"
    """(target,) float64, cross-entropy in nats"""
    right: "Tensor"
    """(target,) bool, the most likely token is the target"""
    example: "Tensor"
    """(target,) place of the example in the batch as given"""
    position: "Tensor"
    """(target,) position that predicts the target"""
    n_examples: int
    """examples in the batch, those without targets included"""


@dataclass(frozen=True)
class Predictions:
    """The scores of a split, or of a part of its examples."""

    scores: Scores
    loss_mask: "Tensor"
    """(target,) bool: counts towards the loss"""
    answer_mask: "Tensor"
    """(target,) bool: belongs to the answer"""
    exact: "Tensor"
    """(example,) bool: every token of the answer is right; of all examples of the split"""
    members: "Tensor"
    """(example,) bool: the examples that are measured"""
    parameters: int
    """parameters of the model"""
    answer_bits: float | None = None
    """bits in one answer, where answers are drawn at random and nothing predicts them"""

    @cached_property
    def measured(self) -> "Tensor":
        """(target,) bool: belongs to one of the examples that are measured."""
        return self.members[self.scores.example]
