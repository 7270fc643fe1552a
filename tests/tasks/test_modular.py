"""Operation tables against brute force, sizes of splits, formats, noise."""

from fractions import Fraction
from itertools import permutations, product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from memlab.tasks.modular import Modular
from memlab.tasks.operations import table_of
from memlab.tasks.seeds import Seeds
from memlab.tasks.splits import share

BRUTE = {
    "add": lambda a, b, p: (a + b) % p,
    "subtract": lambda a, b, p: (a - b) % p,
    "multiply": lambda a, b, p: a * b % p,
    "sum_of_squares": lambda a, b, p: (a * a + b * b) % p,
    "cube_plus_product": lambda a, b, p: (a * a * a + a * b) % p,
}
CHARACTERS_OF_FOURTH_SEED = [
    ("add", 97, (6586, 1411, 1412)),
    ("subtract", 97, (6586, 1411, 1412)),
    ("divide", 97, (6518, 1396, 1398)),
    ("add", 113, (8938, 1915, 1916)),
    ("subtract", 113, (8938, 1915, 1916)),
]


def rows(table):
    return {(int(a), int(b), int(c)) for a, b, c in zip(table.a, table.b, table.c, strict=True)}


@pytest.mark.parametrize("modulus", [2, 12, 97])
@pytest.mark.parametrize("operation", BRUTE)
def test_tables_equal_a_plain_loop(operation, modulus):
    expected = {
        (a, b, BRUTE[operation](a, b, modulus)) for a, b in product(range(modulus), repeat=2)
    }
    table = table_of(operation, modulus)
    assert rows(table) == expected and len(table) == modulus**2


@pytest.mark.parametrize("modulus", [2, 12, 97])
def test_division_has_every_pair_whose_divisor_has_an_inverse(modulus):
    def inverse(b):
        return [x for x in range(modulus) if b * x % modulus == 1]

    expected = {
        (a, b, a * inverse(b)[0] % modulus)
        for a, b in product(range(modulus), repeat=2)
        if inverse(b)
    }
    table = table_of("divide", modulus)
    assert rows(table) == expected and len(table) == len(expected)


def test_division_mod_97_has_9312_problems():
    assert len(table_of("divide", 97)) == 9312


def test_composition_equals_applying_one_permutation_after_the_other():
    table = table_of("compose", None)
    assert len(table.elements) == 120 and len(table) == 14400
    names = {"".join(map(str, p)) for p in permutations(range(5))}
    assert set(table.elements) == names
    for a, b, c in rows(table):
        left, right, both = (table.elements[x] for x in (a, b, c))
        assert all(both[i] == left[int(right[i])] for i in range(5))


@pytest.mark.parametrize(("operation", "modulus", "sizes"), CHARACTERS_OF_FOURTH_SEED)
def test_three_way_splits_have_exact_sizes(operation, modulus, sizes):
    split = {"train": 0.7, "val": 0.15}
    task = Modular(operation=operation, modulus=modulus, split=split, format="characters")
    splits = task.dataset(Seeds()).splits
    assert tuple(len(splits[s]) for s in ("train", "val", "test")) == sizes


def test_half_of_9409_is_4704():
    splits = Modular(modulus=97, train_fraction=0.5).dataset(Seeds()).splits
    assert {s: len(e) for s, e in splits.items()} == {"train": 4704, "val": 4705}


@given(st.integers(0, 10**6), st.integers(1, 9999))
def test_shares_are_rounded_down_exactly(n, parts):
    assert share(parts / 10000, n) == Fraction(parts, 10000) * n // 1


def test_an_equation_has_a_fixed_token_layout():
    data = Modular(modulus=97, train_fraction=0.5).dataset(Seeds())
    assert len(data.vocabulary) == 101 and data.n_ctx == 7
    symbols = [data.vocabulary.symbols[t] for t in data.splits["train"].tokens[0]]
    a, b, c = symbols[1], symbols[3], symbols[5]
    assert symbols == ["<bos>", a, "+", b, "=", c, "<eos>", "<eos>"]
    assert (int(a) + int(b)) % 97 == int(c)
    assert data.vocabulary.symbols[97:] == ("+", "=", "<bos>", "<eos>")


def test_the_short_form_has_p_plus_1_symbols_and_three_positions():
    data = Modular(modulus=113, train_fraction=0.3, format="short").dataset(Seeds())
    assert len(data.vocabulary) == 114 and data.n_ctx == 3
    assert len(data.splits["train"]) == 3830


def test_characters_give_correct_equations():
    task = Modular(operation="subtract", modulus=97, train_fraction=0.5, format="characters")
    data = task.dataset(Seeds())
    train = data.splits["train"]
    for i in range(0, len(train), 101):
        left, right = data.vocabulary.decode(train.tokens[i]).split("=")
        assert eval(left) % 97 == int(right)


def test_characters_of_equal_length_have_neither_end_nor_padding():
    data = Modular(modulus=7, train_fraction=0.5, format="characters").dataset(Seeds())
    assert data.vocabulary.special == frozenset()


@pytest.fixture
def clean_and_noisy():
    return [
        Modular(modulus=23, train_fraction=0.5, noise=noise).dataset(Seeds(3)).splits
        for noise in (0.0, 0.25)
    ]


def test_noise_changes_only_the_flagged_training_answers(clean_and_noisy):
    clean, noisy = clean_and_noisy
    flagged = noisy["train"].noisy
    assert flagged.sum() == 66  # 0.25 of 264
    changed = (clean["train"].tokens != noisy["train"].tokens) & noisy["train"].answer
    assert np.array_equal(changed.any(axis=1), flagged)
    assert np.array_equal(clean["val"].tokens, noisy["val"].tokens)
    assert not noisy["val"].noisy.any()


def test_without_noise_nothing_is_flagged(clean_and_noisy):
    assert clean_and_noisy[0]["train"].noisy is None


def test_noisy_answers_are_uniform_over_the_wrong_elements():
    task = Modular(modulus=97, train_fraction=0.9, noise=1.0)
    train = task.dataset(Seeds(1)).splits["train"]
    a, b, c = train.tokens[:, 1], train.tokens[:, 3], train.tokens[:, 5]
    counts = np.bincount((c - a - b) % 97, minlength=97)
    assert counts[0] == 0
    expected = len(train) / 96
    assert ((counts[1:] - expected) ** 2 / expected).sum() < 150  # chi-squared, 95 degrees


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"modulus": 97}, "exactly one of train_fraction and split"),
        (
            {"modulus": 97, "train_fraction": 0.5, "split": {"train": 0.5, "val": 0.2}},
            "exactly one of train_fraction and split",
        ),
        ({"train_fraction": 0.5}, "every operation but compose"),
        ({"operation": "compose", "modulus": 5, "train_fraction": 0.5}, "every operation but"),
        ({"modulus": 97, "split": {"train": 0.7, "val": 0.3}}, "leave nothing for the test set"),
    ],
)
def test_settings_without_data_are_errors(settings, message):
    with pytest.raises(ValidationError, match=message):
        Modular(**settings)
