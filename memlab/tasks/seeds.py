"""A seed with five named children, so that each source of randomness can be varied separately."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

NAMES = ("data", "split", "init", "batches", "dropout")


@dataclass(frozen=True)
class Seeds:
    """The seeds of a run. A child is derived from `seed` and its name unless it is in `chosen`."""

    seed: int = 0
    chosen: Mapping[str, int] = field(default_factory=dict)
    """name to seed of the children that are set explicitly"""

    def sequence(self, name: str, *path: int) -> np.random.SeedSequence:
        """The child `name`, or its descendant with the indices `path`, such as an epoch or a step."""
        key = (NAMES.index(name), *path)
        return np.random.SeedSequence(self.chosen.get(name, self.seed), spawn_key=key)

    def rng(self, name: str, *path: int) -> np.random.Generator:
        """A numpy generator with this seed."""
        return np.random.default_rng(self.sequence(name, *path))

    def number(self, name: str, *path: int) -> int:
        """63 bits of this seed, for generators of other libraries."""
        return int(self.sequence(name, *path).generate_state(1, np.uint64)[0] >> 1)
