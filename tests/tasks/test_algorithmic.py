"""The five tasks: correct answers, exact sizes, disjoint splits, out-of-distribution splits."""

from collections import Counter
from itertools import pairwise

import numpy as np
import pytest
from pydantic import ValidationError

from memlab.errors import DataError
from memlab.tasks.algorithmic import Algorithmic
from memlab.tasks.seeds import Seeds

SMALL = {"train_examples": 300, "val_examples": 50, "test_examples": 40, "ood_examples": 30}


@pytest.fixture(scope="module")
def data():
    return Algorithmic(**SMALL).dataset(Seeds(7))


def problems(data, split):
    """(task, symbols between tag and "=", symbols of the answer) of every example."""
    examples = data.splits[split]
    for i in range(len(examples)):
        tag, *given, equals = data.vocabulary.decode(examples.prompt(i)).split()
        task = data.groups[examples.group[i]]
        assert tag == f"[{task}]" and equals == "="
        yield task, given, data.vocabulary.decode(examples.target(i)).split()


def solved(task, given):
    if task == "copy":
        return given
    if task == "rev":
        return given[::-1]
    if task == "sort":
        return sorted(given, key=int)
    if task == "add":
        left, right = "".join(given).split("+")
        return list(str(int(left) + int(right)))
    return [relation(given)]


def relation(given):
    """Follow the facts from the first name of the query."""
    *facts, question, first, second = given
    assert question == "?"
    below = {facts[i]: facts[i + 2] for i in range(0, len(facts), 3)}
    assert facts[1::3] == [">"] * len(below)
    assert below.get(first) != second and below.get(second) != first, "a fact has the answer"
    name = first
    while name in below:
        name = below[name]
        if name == second:
            return ">"
    return "<"


def test_all_answers_are_correct_in_all_splits(data):
    for split in data.splits:
        for task, given, answer in problems(data, split):
            assert answer == solved(task, given)


def test_padded_sums_have_their_lowest_digit_first():
    data = Algorithmic(tasks=["add"], padded_sums=True, **SMALL).dataset(Seeds())
    for split, width in (("train", 2), ("ood-digits", 3)):
        for _, given, answer in problems(data, split):
            left, right = "".join(given).split("+")
            assert len(left) == len(right) == width
            assert "".join(answer[::-1]) == f"{int(left) + int(right):0{width + 1}}"


def test_each_split_has_as_many_of_each_task_as_asked_for(data):
    all_tasks = {"copy", "rev", "add", "sort", "rel"}
    expected = {
        "train": (300, all_tasks),
        "val": (50, all_tasks),
        "test": (40, all_tasks),
        "ood-combinations": (30, all_tasks),
        "ood-length": (30, all_tasks - {"add"}),
        "ood-symbols": (30, {"copy", "rev", "rel"}),
        "ood-digits": (30, {"add"}),
    }
    assert data.splits.keys() == expected.keys()
    for split, (n, tasks) in expected.items():
        assert Counter(task for task, _, _ in problems(data, split)) == dict.fromkeys(tasks, n)


def test_the_first_examples_of_a_split_include_every_task(data):
    for split in ("train", "val", "ood-combinations"):
        first = list(problems(data, split))[:5]
        assert {task for task, _, _ in first} == set(data.groups)


def meaning(task, given):
    """A value that is equal for problems that differ only in notation."""
    if task == "add":
        return task, frozenset("".join(given).split("+"))
    if task == "rel":
        mark = given.index("?")
        facts = frozenset(zip(given[:mark:3], given[2:mark:3], strict=True))
        return task, facts, frozenset(given[mark + 1 :])
    return task, tuple(given)


def test_no_problem_of_another_split_is_trained_on_in_any_notation(data):
    trained = {meaning(task, given) for task, given, _ in problems(data, "train")}
    for split in data.splits.keys() - {"train"}:
        others = {meaning(task, given) for task, given, _ in problems(data, split)}
        assert others and not others & trained


def pairs(task, given):
    if task == "add":
        left, right = "".join(given).split("+")
        columns = list(zip(left[::-1], right[::-1], strict=False))
        return {*columns, *((b, a) for a, b in columns)}
    if task == "rel":
        mark = given.index("?")
        return set(zip(given[:mark:3], given[2:mark:3], strict=True))
    return set(pairwise(given))


def test_problems_of_ood_combinations_have_a_pair_that_no_other_split_has(data):
    pairs_of = {
        split: {pair for task, given, _ in problems(data, split) for pair in pairs(task, given)}
        for split in data.splits
    }
    other_pairs = set().union(*(p for s, p in pairs_of.items() if s != "ood-combinations"))
    for task, given, _ in problems(data, "ood-combinations"):
        assert pairs(task, given) - other_pairs, (task, given)


def test_ood_splits_differ_from_training_as_named(data):
    letters = set("abcdefghij")
    for _, given, _ in problems(data, "ood-symbols"):
        assert set(given) & set("klm")
    for split in ("train", "val", "test", "ood-length", "ood-combinations"):
        for _, given, _ in problems(data, split):
            assert set(filter(str.isalpha, given)) <= letters
    for task, given, _ in problems(data, "ood-length"):
        names = 1 + given.count(">")
        assert names in (5, 6) if task == "rel" else 7 <= len(given) <= 9
    for _, given, _ in problems(data, "ood-digits"):
        assert all(len(number) == 3 for number in "".join(given).split("+"))


def test_a_task_has_the_same_problems_alone_and_in_a_mixture(data):
    alone = Algorithmic(tasks=["sort"], **SMALL).dataset(Seeds(7))
    mixed = [problem for problem in problems(data, "train") if problem[0] == "sort"]
    assert list(problems(alone, "train")) == mixed


def training_sets(**settings):
    return {
        kind: Algorithmic(tasks=["add"], training_set=kind, **settings).dataset(Seeds()).splits
        for kind in ("normal", "deduplicated", "duplicated")
    }


def test_training_sets_have_random_repeats_none_or_a_chosen_number():
    sets = training_sets(train_examples=2000, duplicated_share=0.25, duplicated_copies=4)
    copies = {kind: splits["train"].copies for kind, splits in sets.items()}
    assert len(copies["normal"]) == 2000 and copies["normal"].max() > 1
    assert len(copies["deduplicated"]) == 2000 and copies["deduplicated"].max() == 1
    assert Counter(copies["duplicated"].tolist()) == {1: 1500, 4: 500 * 4}


def test_copies_count_equal_rows():
    for splits in training_sets(train_examples=500).values():
        train = splits["train"]
        counted = Counter(map(tuple, train.tokens))
        assert train.copies.tolist() == [counted[tuple(row)] for row in train.tokens]


def test_the_split_seed_chooses_the_held_out_problems():
    one, other = (Algorithmic(**SMALL).dataset(Seeds(0, {"split": n})).splits for n in (1, 2))
    assert not np.array_equal(one["val"].tokens, other["val"].tokens)
    assert np.array_equal(one["ood-length"].tokens, other["ood-length"].tokens)


def test_without_ood_splits_no_pair_is_held_out():
    data = Algorithmic(**SMALL | {"ood_examples": 0, "test_examples": 0}).dataset(Seeds())
    assert set(data.splits) == {"train", "val"}
    combined = {pair for task, given, _ in problems(data, "train") for pair in pairs(task, given)}
    assert sum(a.isdigit() for a, _ in combined) == 100


def test_equal_shares_need_no_stages(data):
    assert data.stages == ()


def test_weights_make_one_stage():
    (stage,) = Algorithmic(weights={"add": 2.0}, **SMALL).dataset(Seeds()).stages
    assert (stage.start, stage.weights) == (0.0, (1.0, 1.0, 2.0, 1.0, 1.0))


def test_a_curriculum_adds_the_tasks_one_by_one():
    task = Algorithmic(
        tasks=["copy", "rev", "add"],
        curriculum=True,
        curriculum_share=0.6,
        weights={"rev": 3.0},
        **SMALL,
    )
    stages = task.dataset(Seeds()).stages
    assert [(s.name, s.start, s.weights) for s in stages] == [
        ("copy", 0.0, (1.0, 0.0, 0.0)),
        ("copy, rev", 0.3, (1.0, 3.0, 0.0)),
        ("copy, rev, add", 0.6, (1.0, 3.0, 1.0)),
    ]


def test_more_examples_than_problems_are_an_error():
    with pytest.raises(DataError, match=r"\[add\] has too few different problems"):
        Algorithmic(tasks=["add"], digits=[1, 1], ood_digits=[2, 2]).dataset(Seeds())


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"tasks": ["add", "add"]}, "twice"),
        ({"tasks": ["add"], "weights": {"copy": 2.0}}, "not among tasks"),
        ({"length": [6, 3]}, "length and ood_length must follow each other"),
        ({"digits": [1, 3]}, "digits and ood_digits must follow each other"),
        ({"names": [2, 4]}, "at least 3 names"),
        ({"letters": 5}, "no more than there are letters"),
        ({"letters": 20, "ood_letters": 7}, "more than 26 together"),
        ({"ood_digits": [13, 13]}, "at most 12 digits"),
    ],
)
def test_settings_that_contradict_each_other_are_refused(settings, message):
    with pytest.raises(ValidationError, match=message):
        Algorithmic(**settings)
