"""Which form a run uses: decided from its data and settings alone, with a reason to record."""

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
"""batches that are looked at to see how much of one is shared"""


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
        kind: the preset's `training.engine`.
        sequences: the data.
        model: its settings.
        batch_size: examples computed at once; None = all.

    Raises:
        PresetError: the tree was asked for, and dropout forbids it.
    """
    if kind == "tree" and model.dropout:
        raise PresetError(
            "the tree shares equal prefixes, and dropout makes them differ",
            where="training.engine",
            found=f"tree, with model.dropout {model.dropout}",
            allowed="auto, pruned or plain",
            hint="set model.dropout=0 or training.engine=auto",
        )
    if kind != "auto":
        return Choice(ENGINES[kind](sequences), kind, "as the preset says")
    if model.dropout:
        reason = "dropout makes equal prefixes differ, so they cannot be shared"
        return Choice(Pruned(sequences), "pruned", reason)
    return _measured(sequences, model, batch_size)


def _measured(sequences: Sequences, model: Model, batch_size: int | None) -> Choice:
    tree, pruned = Tree(sequences), Pruned(sequences)
    d_vocab = int(sequences.tokens.max()) + 1
    probes = _probes(len(sequences), batch_size)
    shared, single = ([engine.batch(i).row_counts for i in probes] for engine in (tree, pruned))

    def share(cost: Callable[[Model, int, RowCounts], float]) -> float:
        total = (
            sum(cost(model, d_vocab, e) for e in row_counts) for row_counts in (shared, single)
        )
        return next(total) / next(total)

    said = f"sharing prefixes leaves {share(products):.0%} of a batch's products"
    if share(seconds) >= 1:
        return Choice(pruned, "pruned", f"{said}: not worth its own cost")
    need = max(activation_bytes(model, d_vocab, row_counts) for row_counts in shared)
    limit = memory_limit(sequences.device)
    if need > limit:
        too_much = f"the tree needs {need / 2**30:.1f} GiB, and {limit / 2**30:.1f} may be used"
        return Choice(pruned, "pruned", too_much)
    return Choice(tree, "tree", said)


def _probes(n_examples: int, batch_size: int | None) -> Sequence[Integers | None]:
    """Fixed random batches, like those of training."""
    if batch_size is None or batch_size >= n_examples:
        return [None]
    rng = np.random.default_rng(0)
    return [rng.permutation(n_examples)[:batch_size] for _ in range(PROBES)]
