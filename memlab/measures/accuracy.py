"""Accuracies of answers.

Exact match is the same with teacher forcing and with generation: up to the first wrong token the inputs
are equal, and after a wrong token the answer is wrong in both cases. So no generation is needed.
"""

from typing import TYPE_CHECKING

from memlab.measures.kinds import SplitMeasure
from memlab.measures.scores import Predictions, Scores
from memlab.record.measure import Measure

if TYPE_CHECKING:
    from torch import Tensor


def exact_matches(scores: Scores, answer_mask: "Tensor") -> "Tensor":
    """(example,) bool: every token of the answer (`answer_mask`, (target,)) is the most likely token."""
    matches = scores.right.new_ones(scores.n_examples)
    matches[scores.example[answer_mask & ~scores.right]] = False
    return matches


def accuracy(predictions: Predictions) -> float:
    """Fraction of the measured examples whose whole answer is correct."""
    return float(predictions.exact[predictions.members].double().mean())


def token_accuracy(predictions: Predictions) -> float:
    """Fraction of answer tokens that are correct given the true tokens before them."""
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
