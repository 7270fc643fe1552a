"""A model at one step as arrays: all that its measures read. Made in `memlab.training`."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from memlab.tasks.cyclic_group import CyclicGroup

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class LogitTable:
    """The logits of all problems of a modular task, ordered along its cyclic group.

    The answer of (x, y) is the element with index x + y mod n, whatever the operation is.
    """

    group: CyclicGroup
    logits: Floats
    """(x, y, element) in the order of the elements, with those that are not in the group"""
    train: NDArray[np.bool_]
    """(x, y) the problem is in the training split"""

    @property
    def n(self) -> int:
        """Number of elements of the group."""
        return self.group.n

    @property
    def answers(self) -> NDArray[np.int64]:
        """(x, y) the element that answers each problem."""
        x = np.arange(self.n)
        return np.asarray(self.group.answers[(x[:, None] + x) % self.n])


class ModelView(ABC):
    """What measures can use of a model. Expensive parts are computed on first use."""

    keys: tuple[int, ...] | None = None
    """key frequencies that are given, such as those of the final model; None = those of this one"""

    @property
    @abstractmethod
    def weights(self) -> Mapping[str, Floats]:
        """Every parameter by name."""

    @property
    @abstractmethod
    def table(self) -> LogitTable | None:
        """None where the task has no cyclic group, or answers of several tokens."""

    @abstractmethod
    def margins(self, split: str) -> Floats:
        """(target,) the target's logit minus the largest other one; empty without the split."""

    @abstractmethod
    def attention(self) -> list[Floats]:
        """For each layer (example, head, query, key), of the first training examples."""

    @abstractmethod
    def hessian_product(self, vector: Floats) -> Floats:
        """The Hessian of the training loss times a vector over all parameters (parameter,)."""
