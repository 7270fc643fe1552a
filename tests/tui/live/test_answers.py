"""Answers by token, and their history."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from memlab.record.events import Samples
from memlab.tui.live.answer_history import HistoryStrips, SampleHistory
from memlab.tui.live.answers import Token, answers, format_tokens, percent, shown, was_right


def sample(ok: bool) -> dict[str, object]:
    token = {"text": "7", "target": "7" if ok else "8", "p": 0.5, "ok": ok}
    return {"split": "val", "prompt": "3 + 4 =", "target": "7", "answer": "7", "tokens": [token]}


def taken(history: list[list[bool]]) -> list[Samples]:
    return [
        Samples(step=10 * i, samples=[sample(ok) for ok in row]) for i, row in enumerate(history)
    ]


def test_tokens_have_signs_and_probabilities_as_long_as_there_is_room() -> None:
    tokens = [Token("3", "3", 0.98, True), Token("8", "7", 0.31, False)]
    assert format_tokens(tokens, 40).plain == "3✓.98 8✗.31(7)"
    assert format_tokens(tokens, 6).plain == "3█8✗▃"
    assert format_tokens(tokens, 3).cell_length <= 3


@pytest.mark.parametrize(
    ("p", "text"), [(0.5, ".50"), (0.0, ".00"), (1.0, "1.0"), (0.999, "1.0"), (float("nan"), "?")]
)
def test_probabilities_take_three_cells_at_most(p: float, text: str) -> None:
    assert percent(p) == text


def test_blanks_and_empty_text_are_visible() -> None:
    assert (shown(" "), shown(""), shown("a b")) == ("␣", "∅", "a b")


def test_an_answer_is_right_only_if_its_end_is_right_too() -> None:
    unfinished = sample(True)
    unfinished["tokens"] = [*unfinished["tokens"], {"text": "1", "target": "<eos>", "ok": False}]  # type: ignore[misc]
    (answer,) = answers(Samples(step=0, samples=[unfinished]))
    assert not answer.ok and not was_right(unfinished)


histories = st.integers(1, 4).flatmap(
    lambda n: st.lists(st.lists(st.booleans(), min_size=n, max_size=n), min_size=1, max_size=60)
)


@given(histories, st.integers(1, 40))
def test_a_cell_is_right_only_if_all_of_its_evaluations_were(
    history: list[list[bool]], width: int
) -> None:
    found = taken(history)
    strips = HistoryStrips.over(found, SampleHistory().of(found), len(history) - 1, width)
    assert len(strips.steps) == min(width, len(history))
    assert strips.now == len(strips.steps) - 1
    begin = 0
    for cell, step in enumerate(strips.steps):
        end = step // 10 + 1
        expected = np.array(history[begin:end]).all(axis=0)
        assert strips.signs[cell].tolist() == expected.tolist()
        begin = end
    assert begin == len(history)


def test_the_history_is_available_at_any_step_and_after_a_resume() -> None:
    history = [[False], [False], [True], [True]]
    found, past = taken(history), SampleHistory()
    assert past.of(found) == [[0], [0], [1], [1]]
    assert past.of(found[:2]) == [[0], [0]]
    assert past.of(found) == [[0], [0], [1], [1]]
    again = taken([[True], [True]])
    assert past.of(again) == [[1], [1]]


def test_a_history_has_one_sign_per_evaluation() -> None:
    found = taken([[False, True], [True, True], [True, False]])
    strips = HistoryStrips.over(found, SampleHistory().of(found), 1, 80)
    assert [strips.line(place).plain for place in (0, 1)] == ["✗✓✓", "✓✓✗"]
    assert strips.steps == [0, 10, 20]
