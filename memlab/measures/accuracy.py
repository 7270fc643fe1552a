"""Shares of right answers.

Teacher-forced and free-running exact match are one number: up to the first wrong token both read
the same input, and after a wrong token the answer is wrong either way. So it needs no generation.
"""

from typing import TYPE_CHECKING

from memlab.measures.kinds import SplitMeasure
from memlab.measures.scores import Predictions, Scores
from memlab.record.measure import Measure

if TYPE_CHECKING:
    from torch import Tensor


def exact_matches(scores: Scores, answer_mask: "Tensor") -> "Tensor":
    """(example,) bool: every token of the answer, where `answer_mask` (target,), is the likeliest."""
    matches = scores.right.new_ones(scores.n_examples)
    matches[scores.example[answer_mask & ~scores.right]] = False
    return matches


def accuracy(predictions: Predictions) -> float:
    """Share of the measured examples whose whole answer is right."""
    return float(predictions.exact[predictions.members].double().mean())


def token_accuracy(predictions: Predictions) -> float:
    """Share of answer tokens that are right given the true tokens before them."""
    counted = predictions.answer_mask & predictions.measured
    return float(predictions.scores.right[counted].double().mean())


ACCURACY = SplitMeasure(
    Measure(
        "accuracy",
        "Share of examples whose whole greedy answer equals the target.",
        low=0.0, high=1.0, direction="higher", source="exact match",
    ),
    accuracy,
    of_parts=True,
)  # fmt: skip
TOKEN_ACCURACY = SplitMeasure(
    Measure(
        "token_accuracy",
        "Share of answer tokens that are the likeliest given the true tokens before them.",
        low=0.0, high=1.0, direction="higher", source="teacher forcing",
    ),
    token_accuracy,
)  # fmt: skip
ACCURACY_GAP = Measure(
    "accuracy_gap",
    "Accuracy on the training split minus accuracy on the validation split.",
    low=-1.0, high=1.0, direction="lower", source="generalization gap",
)  # fmt: skip
