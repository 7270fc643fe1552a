"""The numbers of prefixes, compared with a Python set of tuples."""

import numpy as np

from memlab.training.engines.engine import Sequences
from memlab.training.engines.prefixes import Prefixes

from .data import equations, ragged, repeated


def by_hand(sequences: Sequences) -> dict[tuple[int, ...], None]:
    found = set()
    for tokens, targets in zip(sequences.tokens.tolist(), sequences.targets.tolist(), strict=True):
        last = max((t for t, target in enumerate(targets) if target >= 0), default=-1)
        found |= {tuple(tokens[: t + 1]) for t in range(last + 1)}
    return dict.fromkeys(sorted(found, key=lambda prefix: (len(prefix), prefix)))


def test_nodes_are_the_distinct_prefixes_up_to_the_last_loss_in_order():
    for sequences in (equations(), equations(first=4), repeated(), ragged()):
        prefixes, expected = Prefixes.of(sequences), list(by_hand(sequences))
        assert len(prefixes.token) == len(expected)
        for i, prefix in enumerate(expected):
            assert (prefixes.token[i], prefixes.depth[i]) == (prefix[-1], len(prefix) - 1)
        for row, tokens in zip(prefixes.node.tolist(), sequences.tokens.tolist(), strict=True):
            for t, node in enumerate(row):
                assert node == len(expected) or expected[node] == tuple(tokens[: t + 1])


def test_equal_examples_share_all_nodes():
    assert len(Prefixes.of(repeated()).token) == 7


def test_numbers_do_not_depend_on_the_order_of_the_examples():
    sequences = ragged()
    order = np.random.default_rng(0).permutation(len(sequences))
    shuffled = Prefixes.of(sequences.take(order))
    assert np.array_equal(shuffled.node, Prefixes.of(sequences).node[order])
