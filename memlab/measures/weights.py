"""Norms and effective ranks of the weights."""

from collections.abc import Mapping

import numpy as np

from memlab.measures.kinds import ModelMeasure
from memlab.measures.model_view import Floats, ModelView
from memlab.record.measure import Measure


def _matrices(view: ModelView) -> dict[str, Floats]:
    return {name: weight for name, weight in view.weights.items() if weight.ndim == 2}


def effective_rank(matrix: Floats) -> float:
    """exp of the entropy of the singular values divided by their sum: 1 = rank one, n = n equal values."""
    values = np.linalg.svd(matrix, compute_uv=False)
    p = values[values > 0] / values.sum()
    return float(np.exp(-(p * np.log(p)).sum()))


def matrix_norms(view: ModelView) -> Mapping[str, float]:
    """Frobenius norm of every weight matrix."""
    return {
        f"matrix_norm/{name}": float(np.linalg.norm(matrix))
        for name, matrix in _matrices(view).items()
    }


def effective_ranks(view: ModelView) -> Mapping[str, float]:
    """Effective rank of every weight matrix that is not zero."""
    return {
        f"effective_rank/{name}": effective_rank(matrix)
        for name, matrix in _matrices(view).items()
        if matrix.any()
    }


def total_norm(view: ModelView) -> Mapping[str, float]:
    """2-norm of all parameters together."""
    squares = [float((weight**2).sum()) for weight in view.weights.values()]
    return {"total_norm": float(np.sqrt(sum(squares)))}


MATRIX_NORM = ModelMeasure(
    Measure("matrix_norm", "Frobenius norm of a weight matrix.", "1", 0.0, None, "log"),
    matrix_norms,
)
EFFECTIVE_RANK = ModelMeasure(
    Measure(
        "effective_rank",
        "exp of the entropy of a weight matrix's singular values, as shares of their sum.",
        low=1.0, source="Roy and Vetterli 2007",
    ),
    effective_ranks,
)  # fmt: skip
TOTAL_NORM = ModelMeasure(
    Measure("total_norm", "2-norm of all parameters.", "1", 0.0, None, "log"), total_norm
)
