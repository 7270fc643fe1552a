"""Target tokens, chance loss and irreducible loss, compared with plain loops and closed forms."""

import math
from collections import Counter, defaultdict
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from memlab.errors import PresetError
from memlab.preset.facts import facts
from memlab.preset.load import from_json, load
from memlab.preset.schema import LossPositions, SkipFirst
from memlab.preset.targets import chance_loss, irreducible_loss, objective_floor, targets
from memlab.tasks.task import Examples, Vocabulary

ADDITION = str(Path(__file__).parent / "addition.yaml")


def dataset(*overrides):
    preset = load(ADDITION, overrides)
    return preset.task.dataset(preset.seeds)


def examples(rows: list[list[int]], answers: list[int]) -> Examples:
    """Sequences padded with 9; each answer starts at a given position."""
    width = max(map(len, rows))
    tokens = np.array([row + [9] * (width - len(row)) for row in rows])
    place, length = np.arange(width), np.array([len(row) for row in rows])
    answer = (place >= np.array(answers)[:, None]) & (place < length[:, None])
    return Examples(tokens, length, answer, np.zeros(len(rows), np.int64))


WITH_BOS = Vocabulary((*"abcdefgh", "<bos>", "<pad>"), bos=8, pad=9)
WITHOUT_BOS = Vocabulary((*"abcdefgh", "_", "<pad>"), pad=9)
ROWS = examples([[8, 1, 2, 3], [8, 4, 5, 6, 7, 0]], [3, 4])


@pytest.mark.parametrize(
    ("loss_on", "expected"),
    [
        ("answer", [[-1, -1, 3, -1, -1], [-1, -1, -1, 7, 0]]),
        ("all", [[1, 2, 3, -1, -1], [4, 5, 6, 7, 0]]),
        (SkipFirst(skip_first=0), [[1, 2, 3, -1, -1], [4, 5, 6, 7, 0]]),
        (SkipFirst(skip_first=2), [[-1, -1, 3, -1, -1], [-1, -1, 6, 7, 0]]),
        (SkipFirst(skip_first=9), [[-1] * 5, [-1] * 5]),
        (LossPositions(positions=[2]), [[-1, -1, 3, -1, -1], [-1, -1, 6, -1, -1]]),
        (LossPositions(positions=[4, 0]), [[1, -1, -1, -1, -1], [4, -1, -1, -1, 0]]),
    ],
)
def test_targets_are_the_next_tokens_at_the_positions_of_the_loss(loss_on, expected):
    assert targets(ROWS, WITH_BOS, loss_on).tolist() == expected


def test_without_bos_the_first_token_counts_as_skipped():
    found = targets(ROWS, WITHOUT_BOS, SkipFirst(skip_first=2))
    assert found.tolist() == [[-1, 2, 3, -1, -1], [-1, 5, 6, 7, 0]]


def test_chance_loss_of_an_answer_mod_97_is_near_ln_97():
    data = dataset("train_fraction=0.5")
    found = chance_loss(targets(data.splits["train"], data.vocabulary, "answer"))
    assert found == pytest.approx(math.log(97), abs=0.02) and found < math.log(97)


def test_chance_loss_is_the_entropy_of_the_counts():
    target = np.array([[-1, 0, 0], [0, 1, -1]])
    assert chance_loss(target) == pytest.approx(-(0.75 * math.log(0.75) + 0.25 * math.log(0.25)))


def test_the_irreducible_loss_of_an_addition_table_is_that_of_its_two_operands():
    data = dataset("task.modulus=11", "train_fraction=0.99")
    train = data.splits["train"]
    floor = irreducible_loss(train, targets(train, data.vocabulary, "all"))
    assert floor[:, [1, 3, 4, 5, 6]].max() == 0
    assert floor[:, 0].mean() == pytest.approx(math.log(11), rel=0.01)
    assert floor[:, 2].mean() == pytest.approx(math.log(11), rel=0.01)


@given(st.lists(st.lists(st.integers(0, 2), min_size=4, max_size=4), min_size=1, max_size=12))
def test_the_irreducible_loss_equals_that_of_a_table_of_all_prefixes(rows):
    some = examples([[8, *row] for row in rows], [1] * len(rows))
    target = targets(some, WITH_BOS, "all")
    follows: dict[tuple[int, ...], Counter[int]] = defaultdict(Counter)
    for row in rows:
        for place, token in enumerate(row):
            follows[tuple(row[:place])][token] += 1
    expected = [
        [
            -math.log(follows[tuple(row[:p])][t] / follows[tuple(row[:p])].total())
            for p, t in enumerate(row)
        ]
        for row in rows
    ]
    assert np.allclose(irreducible_loss(some, target), expected)


@pytest.mark.parametrize("smoothing", [0.0, 0.1, 0.5])
def test_the_best_model_reaches_the_floor_of_the_objective_and_none_is_below_it(smoothing):
    """The model is a table of logits per prefix, trained with torch's smoothed cross-entropy."""
    import torch
    import torch.nn.functional as F

    preset = from_json(
        {
            "name": "conflict",
            "task": {
                "kind": "modular",
                "operation": "add",
                "modulus": 5,
                "train_fraction": 0.8,
                "noise": 0.3,
            },
            "training": {"steps": 1, "loss_on": "all"},
        }
    )
    data = preset.task.dataset(preset.seeds)
    train, d_vocab = data.splits["train"], len(data.vocabulary)
    target = targets(train, data.vocabulary, "all")
    prefixes, rows, tokens = {}, [], []
    for example, position in zip(*np.nonzero(target >= 0), strict=True):
        key = tuple(train.tokens[example, : position + 1])
        rows.append(prefixes.setdefault(key, len(prefixes)))
        tokens.append(target[example, position])
    logits = torch.zeros(len(prefixes), d_vocab, dtype=torch.float64, requires_grad=True)
    optimizer = torch.optim.LBFGS([logits], max_iter=300, line_search_fn="strong_wolfe")

    def loss():
        optimizer.zero_grad()
        value = F.cross_entropy(logits[rows], torch.tensor(tokens), label_smoothing=smoothing)
        value.backward()
        return value

    optimizer.step(loss)
    floor = objective_floor(train, target, smoothing, d_vocab)
    assert floor <= loss().item() + 1e-12
    assert loss().item() == pytest.approx(floor, abs=1e-4)
    if smoothing == 0:
        assert floor == pytest.approx(irreducible_loss(train, target)[target >= 0].mean())


def test_loss_on_the_position_of_the_answer_equals_loss_on_the_answer():
    for_answer = facts(load(ADDITION, ["training.loss_on=answer"]))
    by_position = facts(load(ADDITION, ["training.loss_on={positions: [4]}"]))
    np.testing.assert_array_equal(for_answer.target, by_position.target)
    assert by_position.chance_loss == for_answer.chance_loss


@pytest.mark.parametrize(
    ("loss_on", "found"),
    [
        ("{positions: [4, 7]}", "positions 7"),
        ("{positions: [99]}", "positions 99"),
        ("{skip_first: 99}", None),
    ],
)
def test_positions_without_targets_are_refused(loss_on, found):
    with pytest.raises(PresetError, match="no target tokens") as raised:
        _ = facts(load(ADDITION, [f"training.loss_on={loss_on}"])).target
    assert raised.value.found == found and raised.value.allowed == "positions 0 to 6"


@pytest.mark.parametrize("positions", ["[]", "[-1]", "[1.5]", "4"])
def test_positions_are_whole_numbers_from_zero(positions):
    with pytest.raises(PresetError):
        load(ADDITION, [f"training.loss_on={{positions: {positions}}}"])
