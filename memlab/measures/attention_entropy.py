"""Entropy of attention weights."""

from collections.abc import Mapping

import numpy as np

from memlab.measures.kinds import ModelMeasure
from memlab.measures.model_view import Floats, ModelView
from memlab.record.measure import Measure


def entropy(weights: Floats) -> Floats:
    """Entropy in nats over the last axis, whose values sum to 1."""
    logs = np.log(np.where(weights > 0, weights, 1.0))
    return np.asarray(-(weights * logs).sum(axis=-1))


def attention_entropy(view: ModelView) -> Mapping[str, float]:
    """Entropy per head, mean over examples and over queries after the first; and the mean over heads."""
    values = {
        f"attention_entropy/{layer}.{head}": float(of_head.mean())
        for layer, weights in enumerate(view.attention())  # (example, head, query, key)
        for head, of_head in enumerate(np.moveaxis(entropy(weights[:, :, 1:]), 1, 0))
    }
    return {"attention_entropy": float(np.mean(list(values.values()))), **values}


ATTENTION_ENTROPY = ModelMeasure(
    Measure(
        "attention_entropy",
        "Entropy of a head's attention weights, mean over examples and queries.",
        "nats", 0.0, source="Shannon 1948",
    ),
    attention_entropy,
)  # fmt: skip
