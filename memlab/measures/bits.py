"""Memorized bits: reduction of the code length of random answers by the model.

    M = sum over examples i of (H0 - loss_i / ln 2)

H0 is the entropy of a random answer in bits, loss_i the cross-entropy of the whole answer in nats. For random answers this is the unintended memorization of Morris et al. 2025
(arXiv:2505.24832), section 3.
"""

import math

from memlab.measures.kinds import SplitMeasure
from memlab.measures.scores import Predictions
from memlab.record.measure import Measure

SOURCE = "Morris et al. 2025, arXiv:2505.24832, section 3"


def memorized_bits(predictions: Predictions) -> float | None:
    """Bits over all examples of a split; can be negative before training. None if answers are not random."""
    if predictions.answer_bits is None:
        return None
    scores = predictions.scores
    code_length = float(scores.nll[predictions.answer_mask].sum()) / math.log(2)
    return scores.n_examples * predictions.answer_bits - code_length


def bits_per_parameter(predictions: Predictions) -> float | None:
    """Memorized bits divided by the number of parameters."""
    bits = memorized_bits(predictions)
    return None if bits is None else bits / predictions.parameters


MEMORIZED_BITS = SplitMeasure(
    Measure(
        "memorized_bits",
        "Bits by which the model shortens the random answers of the training split.",
        "bits", None, None, "linear", "higher", SOURCE,
    ),
    memorized_bits,
    only="train",
)  # fmt: skip
BITS_PER_PARAMETER = SplitMeasure(
    Measure(
        "bits_per_parameter",
        "Memorized bits divided by the number of parameters.",
        "bits", None, None, "linear", "higher", SOURCE,
    ),
    bits_per_parameter,
    only="train",
)  # fmt: skip
