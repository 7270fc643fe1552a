"""Cross-entropy and chance, in nats."""

from torch import Tensor

from memlab.measures.scores import Scores


def mean_loss(scores: Scores, in_loss: Tensor) -> float:
    """Plain cross-entropy, mean over the targets where `in_loss` (target,) is true."""
    return float(scores.nll[in_loss].mean())
