"""One seed with five named children, so that each source of randomness can be varied alone."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

NAMES = ("data", "split", "init", "batches", "dropout")


@dataclass(frozen=True)
class Seeds:
    """The seeds of a run. A child follows from `seed` and its own name unless it is set."""

    seed: int = 0
    chosen: Mapping[str, int] = field(default_factory=dict)
    """children that were set by hand, by name"""

    def sequence(self, name: str, *path: int) -> np.random.SeedSequence:
        """The child `name`, or a descendant of it numbered by `path` (an epoch, a step)."""
        key = (NAMES.index(name), *path)
        return np.random.SeedSequence(self.chosen.get(name, self.seed), spawn_key=key)

    def rng(self, name: str, *path: int) -> np.random.Generator:
        """A numpy generator of that child."""
        return np.random.default_rng(self.sequence(name, *path))

    def number(self, name: str, *path: int) -> int:
        """63 bits of that child, for generators of other libraries."""
        return int(self.sequence(name, *path).generate_state(1, np.uint64)[0] >> 1)
