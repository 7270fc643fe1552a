"""Random digits for random keys."""

import re
from collections import Counter
from math import log2

import pytest
from pydantic import ValidationError

from memlab.tasks.random_map import RandomMap
from memlab.tasks.seeds import Seeds


def texts(examples, vocabulary):
    return [
        (vocabulary.decode(examples.prompt(i)), vocabulary.decode(examples.target(i)))
        for i in range(len(examples))
    ]


@pytest.mark.parametrize(
    ("form", "prompt", "answer"),
    [
        ("abcd=efgh", r"\d{4}=", r"\d{4}"),
        ("abcd=efghijkl", r"\d{4}=", r"\d{8}"),
        ("loc(c_abcd)=efgh", r"loc\(c_\d{4}\)=", r"\d{4}"),
        ("loc(c_abcd)=efgh,ijkl", r"loc\(c_\d{4}\)=", r"\d{4},\d{4}"),
    ],
)
def test_every_form_has_the_format_of_its_name(form, prompt, answer):
    data = RandomMap(form=form, examples=50, val_examples=5).dataset(Seeds())
    for key, digits in texts(data.splits["train"], data.vocabulary):
        assert re.fullmatch(prompt, key) and re.fullmatch(answer, digits)


def test_keys_are_distinct_up_to_all_ten_thousand():
    data = RandomMap(examples=10_000).dataset(Seeds())
    assert len({key for key, _ in texts(data.splits["train"], data.vocabulary)}) == 10_000


def test_five_hundred_of_a_thousand_keys_share_fifty_outputs():
    data = RandomMap(shared_outputs=0.5).dataset(Seeds())
    train = data.splits["train"]
    uses = Counter(digits for _, digits in texts(train, data.vocabulary))
    assert Counter(uses.values()) == {10: 50, 1: 500}
    shared = {digits for digits, n in uses.items() if n > 1}
    for (_, digits), group in zip(texts(train, data.vocabulary), train.group, strict=True):
        assert data.groups[group] == ("shared digits" if digits in shared else "own digits")


def test_sharing_changes_only_the_digits_of_the_keys_that_share():
    alone, sharing = (
        dict(texts(data.splits["train"], data.vocabulary))
        for data in (RandomMap(shared_outputs=s).dataset(Seeds(4)) for s in (0.0, 0.5))
    )
    assert alone.keys() == sharing.keys()
    assert sum(alone[key] == sharing[key] for key in alone) == 550


def test_an_answer_of_eight_digits_has_26_and_a_half_bits():
    assert RandomMap().dataset(Seeds()).answer_bits == pytest.approx(log2(10**8))


def test_the_score_ignores_the_comma():
    score = RandomMap().score([("1234,5678", "1234,5678"), ("1234,5678", "1034,5600")])
    assert score == {"digits": (8 + 5) / 2}


def test_more_validation_than_training_examples_are_an_error():
    with pytest.raises(ValidationError, match="more than examples"):
        RandomMap(examples=100)
