"""The distinct prefixes of a set of sequences, up to the last position with loss."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from memlab.training.engines.engine import Integers, Sequences


@dataclass(frozen=True)
class Prefixes:
    """The prefix tree of a data set. Nodes are numbered by depth, then by their tokens."""

    node: Integers
    """(example, depth) node of each prefix; `len(token)` after the last position with loss"""
    token: Integers
    """(node,) last token of the prefix"""
    depth: Integers
    """(node,) position of the last token"""
    has_loss: NDArray[np.bool_]
    """(example, depth) whether the prediction at this position has a loss"""

    @classmethod
    def of(cls, sequences: Sequences) -> "Prefixes":
        """Number the prefixes depth by depth: a prefix is its parent plus one token.

        Cost: one sort of at most (example,) integers per depth.
        """
        tokens, has_loss = sequences.tokens, sequences.targets >= 0  # (example, position)
        # (example, position) true up to the last position of the example with loss
        alive = np.flip(np.logical_or.accumulate(np.flip(has_loss, 1), 1), 1)
        length = int(alive.any(0).sum())
        n_tokens = int(tokens.max()) + 1
        node = np.zeros((len(tokens), length), np.int64)
        parent = np.zeros(len(tokens), np.int64)  # (example,) index of the prefix within its depth
        token, depth, start = [], [], 0
        for t in range(length):
            live = alive[:, t]  # (example,)
            # Encode a prefix as one integer of parent and token; `prefix` (node,) are the distinct ones.
            prefix, number = np.unique(
                (parent * n_tokens + tokens[:, t])[live], return_inverse=True
            )
            parent[live], node[live, t] = number, number + start
            token.append(prefix % n_tokens)
            depth.append(np.full_like(prefix, t))
            start += len(prefix)
        node[~alive[:, :length]] = start
        return cls(node, np.concatenate(token), np.concatenate(depth), has_loss[:, :length])
