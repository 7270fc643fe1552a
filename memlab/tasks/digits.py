"""Answers made of digits, and how many of them are right."""

from collections.abc import Sequence


def right_digits(target: str, answer: str) -> int:
    """Digits of the target that the answer has at the same place, commas left out."""
    pairs = zip(target.replace(",", ""), answer.replace(",", ""), strict=False)
    return sum(a == b for a, b in pairs)


def mean_right_digits(answers: Sequence[tuple[str, str]]) -> float:
    """Right digits per (target, answer)."""
    return sum(right_digits(target, answer) for target, answer in answers) / len(answers)
