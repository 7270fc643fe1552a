"""Digit-wise score of answers."""

from collections.abc import Sequence

from memlab.record.measure import Measure

DIGITS = Measure(
    "digits",
    "Mean number of answer digits that are right, commas ignored.",
    "digits",
    0.0,
    direction="higher",
    source="number of equal positions",
)


def right_digits(target: str, answer: str) -> int:
    """Number of positions at which target and answer have the same digit, ignoring commas."""
    pairs = zip(target.replace(",", ""), answer.replace(",", ""), strict=False)
    return sum(a == b for a, b in pairs)


def mean_right_digits(answers: Sequence[tuple[str, str]]) -> float:
    """Mean number of correct digits per (target, answer)."""
    return sum(right_digits(target, answer) for target, answer in answers) / len(answers)
