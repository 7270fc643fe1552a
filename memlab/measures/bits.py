"""Bits memorized: how much shorter random answers become for who has the model.

    M = sum over examples i of (H0 - loss_i / ln 2)

H0 is the entropy of one answer drawn at random, in bits; loss_i is the cross-entropy of the whole
answer in nats. For random answers this is the unintended memorization of Morris et al. 2025
(arXiv:2505.24832), section 3.
"""

import math

from torch import Tensor

from memlab.measures.scores import Scores


def memorized_bits(scores: Scores, in_answer: Tensor, answer_bits: float) -> float:
    """Bits over all examples of a split; may be negative before training."""
    spent = float(scores.nll[in_answer].sum()) / math.log(2)
    return scores.n_examples * answer_bits - spent
