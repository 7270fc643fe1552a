"""The choice of an engine and its reason."""

import pytest
import torch

from memlab.errors import PresetError
from memlab.preset.schema import Model
from memlab.preset.size import RowCounts, products
from memlab.training.engines import choose as choosing
from memlab.training.engines.choose import choose
from memlab.training.engines.engine import Sequences

from .data import equations, repeated

TINY = Model(d_model=16)


def unshared(n: int = 50, length: int = 12) -> Sequences:
    tokens = torch.randint(1000, (n, length), generator=torch.Generator().manual_seed(0))
    return Sequences(tokens.numpy(), tokens[:, 1:].numpy())


def test_shared_prefixes_choose_the_tree_and_report_the_saving():
    for sequences in (equations(31, first=4), repeated(600)):
        choice = choose("auto", sequences, TINY, None)
        assert choice.name == "tree" and "%" in choice.reason


def test_long_unshared_sequences_choose_the_pruned_engine():
    for batch_size in (None, 8):
        choice = choose("auto", unshared(length=80), TINY, batch_size)
        assert choice.name == "pruned" and "outweigh its overhead" in choice.reason


def test_a_requested_engine_is_used():
    for name in ("plain", "pruned", "tree"):
        assert choose(name, equations(), TINY, None).name == name


def test_dropout_forbids_sharing():
    settings = Model(d_model=16, dropout=0.1)
    choice = choose("auto", repeated(), settings, None)
    assert choice.name == "pruned" and "dropout" in choice.reason
    with pytest.raises(PresetError, match="dropout"):
        choose("tree", repeated(), settings, None)


def test_too_little_memory_falls_back_with_a_reason(monkeypatch):
    monkeypatch.setattr(choosing, "memory_limit", lambda device: 1000)
    choice = choose("auto", equations(31, first=4), TINY, None)
    assert choice.name == "pruned" and "GiB" in choice.reason


def test_products_of_the_plain_engine_equal_the_closed_form():
    """6 times rows times weights, without the look-up of the embedding."""
    rows, d = 100, 16
    weights = 2 * (4 * d * d + 8 * d * d) + 11 * d
    plain = RowCounts(rows, rows, rows, rows, 0)
    assert products(TINY, 11, plain) == 6 * rows * weights
