"""Shares of right answers.

Teacher-forced and free-running exact match are one number: up to the first wrong token both read
the same input, and after a wrong token the answer is wrong either way. So it needs no generation.
"""

import torch
from torch import Tensor

from memlab.measures.scores import Scores


def exact_matches(scores: Scores, in_answer: Tensor) -> Tensor:
    """(example,) bool: every token of the answer, where `in_answer` (target,), is the likeliest."""
    matches = torch.ones(scores.n_examples, dtype=torch.bool, device=scores.right.device)
    matches[scores.example[in_answer & ~scores.right]] = False
    return matches


def token_accuracy(scores: Scores, in_answer: Tensor) -> float:
    """Share of answer tokens that are right given the true tokens before them."""
    return float(scores.right[in_answer].double().mean())
