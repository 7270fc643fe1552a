"""`run.plot` in a notebook."""

from pathlib import Path

import numpy as np
import pytest

import memlab
from memlab.api.model_figures import attention_of
from memlab.errors import MemlabError


def test_a_figure_of_a_run_displays_as_png(shipped: Path):
    figure = memlab.open(str(shipped)).plot("curves")
    assert figure._repr_png_().startswith(b"\x89PNG")
    with pytest.raises(MemlabError, match="no such kind"):
        memlab.open(str(shipped)).plot("curve")


def test_attention_is_causal_and_its_rows_sum_to_one(shipped: Path):
    patterns = attention_of(memlab.open(str(shipped)), "11 24 =")
    layers, heads, n, keys = patterns.weights.shape
    assert (layers, heads) == (1, 4) and n == keys == len(patterns.tokens)
    assert np.allclose(patterns.weights.sum(-1), 1, atol=1e-6)
    assert not np.triu(patterns.weights, 1).any()
