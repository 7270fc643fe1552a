"""Log-likelihood and correctness of each target, from which losses and accuracies are computed."""

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class Scores:
    """One entry per target, ordered by (example, position)."""

    nll: "Tensor"
    """(target,) float64: cross-entropy in nats"""
    right: "Tensor"
    """(target,) bool: the most likely token is the target"""
    example: "Tensor"
    """(target,) index of the example in the batch"""
    position: "Tensor"
    """(target,) position from which the target is predicted"""
    n_examples: int
    """number of examples in the batch, including those without targets"""


@dataclass(frozen=True)
class Predictions:
    """The scores of a split, or of a part of its examples."""

    scores: Scores
    loss_mask: "Tensor"
    """(target,) bool: counts towards the loss"""
    answer_mask: "Tensor"
    """(target,) bool: belongs to the answer"""
    exact: "Tensor"
    """(example,) bool, for all examples of the split: every token of the answer is correct"""
    members: "Tensor"
    """(example,) bool: the examples that are measured"""
    parameters: int
    """number of parameters of the model"""
    answer_bits: float | None = None
    """entropy of an answer in bits, if answers are random; otherwise None"""

    @cached_property
    def measured(self) -> "Tensor":
        """(target,) bool: belongs to a measured example."""
        return self.members[self.scores.example]
