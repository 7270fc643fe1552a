"""Tokens of samples as text."""

import pytest

from memlab.record.sample_text import spaced


def written(texts: list[str], answer: str, wrong: tuple[int, ...] = ()) -> str:
    tokens = [{"text": text, "ok": i not in wrong} for i, text in enumerate(texts)]
    return "".join(before + token["text"] for before, token in spaced(tokens, answer))


@pytest.mark.parametrize(
    ("texts", "answer"),
    [
        (["z", "z"], "z z"),
        (["yy", "<eos>"], "yy"),
        (["1", "2"], "12"),
        (["a", " ", "b"], "a b"),
        (["12", "+", "3", "<eos>", "<eos>"], "12 + 3"),
        ([], ""),
    ],
)
def test_a_correct_answer_has_the_spaces_of_its_decoded_text(texts, answer):
    assert written(texts, answer) == answer


def test_an_end_token_that_comes_too_early_is_shown():
    assert written(["1", "<eos>"], "1", wrong=(1,)) == "1<eos>"
    assert written(["a", "b", "<eos>"], "a b", wrong=(2,)) == "a b <eos>"
