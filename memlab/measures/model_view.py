"""A model at one step as arrays, the input of model measures. `memlab.training` implements it."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from memlab.tasks.cyclic_group import CyclicGroup

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class LogitTable:
    """The logits of all problems of a modular task, in the order of its cyclic group.

    The answer to (x, y) is the element with index x + y mod n, for every operation.
    """

    group: CyclicGroup
    logits: Floats
    """(x, y, element) elements in the order of their tokens, including those outside the group"""
    train: NDArray[np.bool_]
    """(x, y) the problem is in the training split"""

    @property
    def n(self) -> int:
        """Number of elements of the group."""
        return self.group.n

    @property
    def answers(self) -> NDArray[np.int64]:
        """(x, y) the element that is the answer to each problem."""
        x = np.arange(self.n)
        return np.asarray(self.group.answers[(x[:, None] + x) % self.n])


class ModelView(ABC):
    """The arrays of a model that measures use. Expensive ones are computed on first use."""

    keys: tuple[int, ...] | None = None
    """given key frequencies, such as those of the final model; None = those of this model"""

    @property
    @abstractmethod
    def weights(self) -> Mapping[str, Floats]:
        """Every parameter by name."""

    @property
    @abstractmethod
    def table(self) -> LogitTable | None:
        """None if the task has no cyclic group, or operands or answers of several tokens."""

    @abstractmethod
    def margins(self, split: str) -> Floats:
        """(target,) logit of the target minus the largest other logit; empty without the split."""

    @abstractmethod
    def attention(self) -> list[Floats]:
        """For each layer the attention weights (example, head, query, key) of the first training examples."""

    @abstractmethod
    def hessian_product(self, vector: Floats) -> Floats:
        """Product of the Hessian of the training loss and a vector over all parameters (parameter,)."""
