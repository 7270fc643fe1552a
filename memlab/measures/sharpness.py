"""Sharpness: the largest eigenvalue of the Hessian of the training loss."""

from collections.abc import Callable, Mapping

import numpy as np

from memlab.measures.kinds import ModelMeasure
from memlab.measures.model_view import Floats, ModelView
from memlab.record.measure import Measure

ITERATIONS = 100
"""maximum number of power iterations"""
TOLERANCE = 1e-4
"""the iteration ends when the eigenvalue changes by less than this, relative"""


def largest_eigenvalue(product: Callable[[Floats], Floats], size: int) -> float:
    """The largest eigenvalue of a symmetric matrix of `size` rows.

    Power iteration converges to the eigenvalue with the largest absolute value. If it is negative, a
    second iteration with the matrix shifted by it converges to the largest eigenvalue.

    Args:
        product: the product of the matrix and a vector (row,).
        size: number of rows.
    """
    dominant = _power_iteration(product, size)
    if dominant >= 0:
        return dominant
    return dominant + _power_iteration(lambda v: product(v) - dominant * v, size)


def _power_iteration(product: Callable[[Floats], Floats], size: int) -> float:
    vector = np.random.default_rng(0).normal(size=size)
    value = 0.0
    for _ in range(ITERATIONS):
        vector /= np.linalg.norm(vector)
        image = product(vector)
        before, value = value, float(vector @ image)
        if not image.any() or abs(value - before) <= TOLERANCE * abs(value):
            break
        vector = image
    return value


def sharpness(view: ModelView) -> Mapping[str, float]:
    """In float64, with the model in evaluation mode."""
    size = sum(weight.size for weight in view.weights.values())
    return {"sharpness": largest_eigenvalue(view.hessian_product, size)}


SHARPNESS = ModelMeasure(
    Measure(
        "sharpness",
        "Largest eigenvalue of the Hessian of the training loss.",
        "nats", None, None, "log", None, "power iteration; Cohen et al. 2021, arXiv:2103.00065",
    ),
    sharpness,
)  # fmt: skip
