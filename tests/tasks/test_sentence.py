"""The task that repeats one text."""

import pytest
from pydantic import ValidationError

from memlab.tasks.seeds import Seeds
from memlab.tasks.sentence import Sentence


def test_the_default_has_15_symbols_and_needs_23_positions():
    data = Sentence().dataset(Seeds())
    assert len(data.vocabulary) == 15
    assert data.n_ctx == 23
    assert {split: len(e) for split, e in data.splits.items()} == {
        "train": 100,
        "val": 10,
        "test": 10,
    }


def test_the_answer_is_the_text_after_the_first_prompt():
    data = Sentence(prompts=["I l", "I"]).dataset(Seeds())
    train = data.splits["train"]
    assert data.vocabulary.decode(train.target(5)) == "ove machine learning"
    assert data.probes == (("I l", "ove machine learning"), ("I", " love machine learning"))


@pytest.mark.parametrize("prompt", ["love", "I love machine learning", "I love machine learning!"])
def test_a_prompt_without_an_answer_is_an_error(prompt):
    with pytest.raises(ValidationError, match="not a beginning of the text"):
        Sentence(prompts=[prompt])


def test_a_text_beyond_ascii_is_tokenized_by_characters():
    data = Sentence(text="naïve \N{GRINNING FACE} naïve", prompts=[""]).dataset(Seeds())
    assert data.vocabulary.decode(data.splits["train"].target(0)) == "naïve \N{GRINNING FACE} naïve"
