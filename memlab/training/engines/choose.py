"""Chooses an engine from data and settings alone, and records the reason."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from memlab.errors import PresetError
from memlab.preset.schema import Model
from memlab.preset.size import RowCounts, activation_bytes, products
from memlab.training.engines.cost import memory_limit, seconds
from memlab.training.engines.engine import Engine, Integers, Sequences
from memlab.training.engines.plain import Plain
from memlab.training.engines.pruned import Pruned
from memlab.training.engines.tree import Tree

ENGINES: dict[str, type[Engine]] = {"plain": Plain, "pruned": Pruned, "tree": Tree}
PROBES = 4
"""number of random batches on which the cost is estimated"""


@dataclass(frozen=True)
class Choice:
    """An engine and why it was chosen."""

    engine: Engine
    name: str
    reason: str


def choose(
    kind: Literal["auto", "tree", "pruned", "plain"],
    sequences: Sequences,
    model: Model,
    batch_size: int | None,
) -> Choice:
    """The engine that computes `sequences`.

    Args:
        kind: `training.engine` of the preset.
        sequences: the training data.
        model: settings of the model.
        batch_size: examples per forward pass; None = all.

    Raises:
        PresetError: `tree` was requested together with dropout.
    """
    if kind == "tree" and model.dropout:
        raise PresetError(
            "the tree engine shares equal prefixes, which dropout makes different",
            where="training.engine",
            found=f"tree, with model.dropout {model.dropout}",
            allowed="auto, pruned or plain",
            hint="set model.dropout=0 or training.engine=auto",
        )
    if kind != "auto":
        return Choice(ENGINES[kind](sequences), kind, "set in the preset")
    if model.dropout:
        reason = "dropout makes equal prefixes different, so they cannot be shared"
        return Choice(Pruned(sequences), "pruned", reason)
    return _estimated(sequences, model, batch_size)


def _estimated(sequences: Sequences, model: Model, batch_size: int | None) -> Choice:
    """Tree or pruned, by their estimated time on a few batches."""
    tree, pruned = Tree(sequences), Pruned(sequences)
    d_vocab = int(sequences.tokens.max()) + 1
    probes = _probes(len(sequences), batch_size)
    shared, single = ([engine.batch(i).row_counts for i in probes] for engine in (tree, pruned))

    def ratio(cost: Callable[[Model, int, RowCounts], float]) -> float:
        """Cost of the tree divided by the cost of the pruned engine."""
        total = (
            sum(cost(model, d_vocab, e) for e in row_counts) for row_counts in (shared, single)
        )
        return next(total) / next(total)

    reason = f"sharing prefixes reduces matrix products to {ratio(products):.0%}"
    if ratio(seconds) >= 1:
        return Choice(pruned, "pruned", f"{reason}, which does not outweigh its overhead")
    need = max(activation_bytes(model, d_vocab, row_counts) for row_counts in shared)
    limit = memory_limit(sequences.device)
    if need > limit:
        too_much = f"the tree needs {need / 2**30:.1f} GiB, and {limit / 2**30:.1f} are allowed"
        return Choice(pruned, "pruned", too_much)
    return Choice(tree, "tree", reason)


def _probes(n_examples: int, batch_size: int | None) -> Sequence[Integers | None]:
    """Ids (example,) of a few random batches of the size used in training, the same at every call."""
    if batch_size is None or batch_size >= n_examples:
        return [None]
    rng = np.random.default_rng(0)
    return [rng.permutation(n_examples)[:batch_size] for _ in range(PROBES)]
