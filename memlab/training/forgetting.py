"""When each training example was learned, and how often it was forgotten since.

The forgetting count is that of Toneva et al. 2019, "An empirical study of example forgetting",
counted at evaluations instead of at every use in a batch.
"""

from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass
class Forgetting:
    """One entry per training example."""

    first: Tensor
    """(example,) int64: step of the first evaluation with a correct answer; -1 = none yet"""
    forgotten: Tensor
    """(example,) int64: number of evaluations with a wrong answer right after a correct one"""
    right: Tensor
    """(example,) bool: correct in the newest evaluation"""

    @classmethod
    def none(cls, n_examples: int, device: torch.device) -> "Forgetting":
        """The state before the first evaluation."""
        return cls(
            torch.full((n_examples,), -1, dtype=torch.int64, device=device),
            torch.zeros(n_examples, dtype=torch.int64, device=device),
            torch.zeros(n_examples, dtype=torch.bool, device=device),
        )

    def update(self, step: int, right: Tensor) -> None:
        """Add the evaluation at `step`: `right` (example,) bool, the whole answer is correct."""
        self.first[right & (self.first < 0)] = step
        self.forgotten += self.right & ~right
        self.right = right.clone()
