"""The threshold of a phase as text, compared with text written by hand."""

import pytest

from memlab.record.phase_text import phase_text


@pytest.mark.parametrize(
    ("phase", "expected"),
    [
        (("memorized", "train", 0.99, {}), "train accuracy >= 0.99"),
        (
            ("grokked", "val", 0.99, {"delay": 12000, "ratio": 13.04}),
            "val accuracy >= 0.99, 12,000 steps after memorizing (13 times as late)",
        ),
        (
            ("sustained", "val", 0.97, {"since": 1500}),
            "val accuracy >= 0.97 in the evaluations since step 1,500",
        ),
        (("collapsed", "train", 0.9, {}), "train accuracy below 0.9"),
        (("diverged", "train", 6.93147, {}), "train loss above 6.931"),
        (
            ("stuck", "train", 4.5747, {"at": "chance level"}),
            "train loss stays at 4.575, which is chance level",
        ),
        (("overfitting", "val", 2.5, {}), "val loss above 2.5 while train loss falls"),
        (("a later one", "test", 0.5, {}), "test accuracy >= 0.5"),
        (("grokked", "val", 0.99, {"delay": "long", "ratio": None}), "val accuracy >= 0.99"),
        (("memorized", None, 0.99, {}), ""),
        (("memorized", "train", None, {}), ""),
    ],
)
def test_a_crossing_is_described_as_text(phase, expected):
    assert phase_text(*phase) == expected
