"""Measures, compared with closed forms and simple loops."""

import math

import numpy as np
import pytest
import torch

from memlab.measures import declared, model_measures, split_measures
from memlab.measures.accuracy import accuracy, exact_matches, token_accuracy
from memlab.measures.attention_entropy import entropy
from memlab.measures.bits import bits_per_parameter, memorized_bits
from memlab.measures.fourier import cosine_coefficients, gini, spectrum
from memlab.measures.loss import mean_loss
from memlab.measures.scores import Predictions, Scores
from memlab.measures.sharpness import largest_eigenvalue
from memlab.measures.weights import effective_rank
from memlab.record.measure import COLUMN_MEASURES
from memlab.tasks.cyclic_group import cyclic_group
from memlab.tasks.operations import table_of


def predictions(p: list[float], right: list[bool], example: list[int], **settings) -> Predictions:
    """Targets with probability `p`, all in the answer and in the loss."""
    n = max(example) + 1
    scores = Scores(
        -torch.tensor(p, dtype=torch.float64).log(),
        torch.tensor(right),
        torch.tensor(example),
        torch.arange(len(p)),
        n,
    )
    every = torch.ones(len(p), dtype=torch.bool)
    members = torch.ones(n, dtype=torch.bool)
    exact = exact_matches(scores, every)
    return Predictions(scores, every, every, exact, members, **({"parameters": 10} | settings))


def test_a_uniform_model_has_no_memorized_bits_and_the_loss_of_chance():
    """Answers of two tokens among 16: 8 bits each."""
    uniform = predictions([1 / 16] * 6, [False] * 6, [0, 0, 1, 1, 2, 2], answer_bits=8.0)
    assert memorized_bits(uniform) == pytest.approx(0, abs=1e-12)
    assert mean_loss(uniform) == pytest.approx(math.log(16))


def test_a_certain_model_has_memorized_all_bits_and_no_loss():
    certain = predictions([1.0] * 6, [True] * 6, [0, 0, 1, 1, 2, 2], answer_bits=8.0)
    assert memorized_bits(certain) == 24.0 and bits_per_parameter(certain) == 2.4
    assert (mean_loss(certain), accuracy(certain), token_accuracy(certain)) == (0.0, 1.0, 1.0)


def test_bits_are_undefined_if_answers_are_not_random():
    assert memorized_bits(predictions([0.5], [True], [0])) is None
    assert bits_per_parameter(predictions([0.5], [True], [0])) is None


def test_one_wrong_token_makes_an_answer_wrong():
    wrong = predictions([0.9] * 4, [True, False, True, True], [0, 0, 1, 1])
    assert accuracy(wrong) == 0.5 and token_accuracy(wrong) == 0.75


def test_only_the_members_are_measured():
    whole = predictions([0.5, 0.25], [True, False], [0, 1])
    part = Predictions(**(vars(whole) | {"members": torch.tensor([False, True])}))
    assert mean_loss(part) == pytest.approx(math.log(4)) and accuracy(part) == 0.0


def basis(n: int) -> list[list[np.ndarray]]:
    """The orthonormal real Fourier vectors of each frequency, computed explicitly."""
    x, vectors = np.arange(n), []
    for k in range(1, n // 2 + 1):
        both = [np.cos(2 * np.pi * k * x / n), np.sin(2 * np.pi * k * x / n)]
        vectors.append([v / np.linalg.norm(v) for v in both if np.linalg.norm(v) > 1e-9])
    return vectors


@pytest.mark.parametrize("n", [2, 5, 8, 13])
def test_a_spectrum_equals_projections_on_the_explicit_basis(n):
    rows = np.random.default_rng(n).normal(size=(n, 4))
    expected = [math.sqrt(sum(((v @ rows) ** 2).sum() for v in pair)) for pair in basis(n)]
    np.testing.assert_allclose(spectrum(rows), expected, rtol=1e-12)


@pytest.mark.parametrize("n", [2, 5, 8])
def test_cosine_coefficients_equal_inner_products_with_the_waves(n):
    logits = np.random.default_rng(n).normal(size=(n, n, n))
    x, y, z = np.indices((n, n, n))
    waves = [np.cos(2 * np.pi * k * (x + y - z) / n) for k in range(1, n // 2 + 1)]
    expected = [(logits * wave).sum() / np.linalg.norm(wave) for wave in waves]
    np.testing.assert_allclose(cosine_coefficients(logits), expected, rtol=1e-10, atol=1e-12)


def test_gini_of_equal_values_is_zero_and_of_one_value_among_m_is_near_one():
    assert gini(np.full(7, 3.0)) == pytest.approx(0)
    assert gini(np.array([0, 0, 5.0, 0])) == pytest.approx(1 - 1 / 4)
    values = np.random.default_rng(0).exponential(size=9)
    pairs = np.abs(values[:, None] - values).sum() / (2 * 9**2 * values.mean())
    assert gini(values) == pytest.approx(pairs)


def test_the_effective_rank_counts_equal_singular_values():
    orthogonal = np.linalg.qr(np.random.default_rng(0).normal(size=(6, 6)))[0]
    assert effective_rank(orthogonal) == pytest.approx(6)
    assert effective_rank(np.outer([1.0, 2], [3.0, 4, 5])) == pytest.approx(1)
    assert effective_rank(np.diag([1.0, 1, 0])) == pytest.approx(2)


def test_the_entropy_of_uniform_attention_is_the_log_of_its_size_and_of_one_hot_attention_zero():
    np.testing.assert_allclose(
        entropy(np.array([[0.25] * 4, [1, 0, 0, 0]])), [math.log(4), 0], atol=1e-15
    )


@pytest.mark.parametrize("eigenvalues", [[5, 2, -1], [1, -3, -7], [-1, -2, -4], [2, 0, 0]])
def test_power_iteration_finds_the_largest_eigenvalue(eigenvalues):
    rotation = np.linalg.qr(np.random.default_rng(1).normal(size=(3, 3)))[0]
    matrix = rotation @ np.diag(np.array(eigenvalues, float)) @ rotation.T
    found = largest_eigenvalue(lambda v: matrix @ v, 3)
    assert found == pytest.approx(max(eigenvalues), rel=1e-2)


@pytest.mark.parametrize(
    ("operation", "modulus"),
    [("add", 7), ("subtract", 8), ("multiply", 7), ("divide", 7), ("multiply", 9), ("divide", 10)],
)
def test_an_operation_is_addition_in_its_group(operation, modulus):
    group, table = cyclic_group(operation, modulus), table_of(operation, modulus)
    answer = {(a, b): c for a, b, c in zip(table.a, table.b, table.c, strict=True)}
    for x in range(group.n):
        for y in range(group.n):
            problem = group.left[x], group.right[y]
            assert answer[problem] == group.answers[(x + y) % group.n]
    assert len(set(group.answers.tolist())) == group.n


@pytest.mark.parametrize(
    ("operation", "modulus"), [("compose", None), ("sum_of_squares", 7), ("multiply", 8)]
)
def test_operations_without_a_cyclic_group_have_none(operation, modulus):
    assert cyclic_group(operation, modulus) is None


def test_every_measure_is_declared_once_with_a_sentence():
    names = [measure.name for measure in declared()]
    assert len(names) == len(set(names))
    assert {m.declared.name for m in split_measures()} | set(model_measures()) <= set(names)
    for measure in (*declared(), *COLUMN_MEASURES):
        assert measure.meaning.endswith(".") and "." not in measure.meaning[:-1].replace("0.0", "")
        assert measure.scale == "linear" or measure.low in (0.0, None)


def test_declarations_are_read_without_torch():
    import subprocess
    import sys

    code = "import sys, memlab.measures as m; m.declared(); sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
