"""The distinct prefixes of a set of sequences, as far as the loss reads."""

from dataclasses import dataclass

import torch
from torch import Tensor

from memlab.engine.forms.form import Sequences


@dataclass(frozen=True)
class Prefixes:
    """A data set's prefix tree: nodes numbered by depth, then by their tokens."""

    node: Tensor
    """(example, depth) the node of each prefix; `len(token)` where nothing later carries loss"""
    token: Tensor
    """(node,) the last token of the prefix"""
    depth: Tensor
    """(node,) its position"""

    @classmethod
    def of(cls, sequences: Sequences) -> "Prefixes":
        """Number the prefixes depth by depth: a prefix is its parent and one token more."""
        has_loss = sequences.targets >= 0
        alive = has_loss.flip(1).cumsum(1).flip(1) > 0
        length = int(alive.any(0).sum())
        tokens, alive = sequences.tokens[:, :length], alive[:, :length]
        n_tokens = int(sequences.tokens.max()) + 1
        node = torch.full_like(tokens, -1)
        parent = torch.zeros_like(tokens[:, 0])
        token, depth, start = [], [], 0
        for t in range(length):
            live = alive[:, t]
            prefix, number = torch.unique(
                (parent * n_tokens + tokens[:, t])[live], return_inverse=True
            )
            parent[live], node[live, t] = number, number + start
            token.append(prefix % n_tokens)
            depth.append(torch.full_like(prefix, t))
            start += len(prefix)
        return cls(node.where(alive, start), torch.cat(token), torch.cat(depth))

    @property
    def n_places(self) -> int:
        """Prefixes that the loss reads, each counted as often as it occurs."""
        return int((self.node < len(self.token)).sum())
