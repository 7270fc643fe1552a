"""Hand-written matrix products and derivatives, compared with autograd."""

from typing import get_args

import pytest
import torch
import torch.nn.functional as F

from memlab.models.activations import ACTIVATIONS, gelu_with_slope
from memlab.models.linear import linear, weight_gradient
from memlab.preset.schema import Model
from memlab.preset.size import GATED

ROWS = [1, 63, 64, 511, 512, 1025, 2050]


def draw(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


@pytest.mark.parametrize("rows", ROWS)
@pytest.mark.parametrize("sizes", [(12, 40), (40, 12)])
@pytest.mark.parametrize("biased", [True, False])
def test_linear_equals_float64_up_to_rounding(rows, sizes, biased):
    x, weight, bias = draw(rows, sizes[0]), draw(sizes[1], sizes[0], seed=1), draw(sizes[1], seed=2)
    cotangent = draw(rows, sizes[1], seed=3)
    results = []
    for function, dtype in ((F.linear, torch.float64), (linear, torch.float32)):
        leaves = [z.clone().to(dtype).requires_grad_() for z in (x, weight, bias)]
        y = function(*leaves) if biased else function(*leaves[:2])
        y.backward(cotangent.to(dtype))
        results.append([y.detach(), *(z.grad for z in (leaves if biased else leaves[:2]))])
    for exact, fast in zip(*results, strict=True):
        assert (fast - exact).norm() < 1e-6 * exact.norm()


@pytest.mark.parametrize("sizes", [(3, 5), (5, 3), (4, 4)])
def test_the_gradient_of_a_weight_has_its_shape(sizes):
    gradient = weight_gradient(draw(2000, sizes[0]).float(), draw(2000, sizes[1]).float())
    assert gradient.shape == sizes


WITH_SLOPE = [name for name, activation in ACTIVATIONS.items() if activation.with_slope]


def test_the_schema_names_all_activations():
    assert set(get_args(Model.model_fields["activation"].annotation)) == set(ACTIVATIONS)
    assert set(ACTIVATIONS) >= GATED


@pytest.mark.parametrize("name", WITH_SLOPE)
def test_hand_written_slopes_equal_autograd(name):
    activation = ACTIVATIONS[name]
    u = torch.cat([draw(1000) * 3, torch.tensor([-90.0, -1e-30, 1e-30, 90.0]).double()])
    u.requires_grad_()
    exact = activation.function(u)
    exact.sum().backward()
    hidden, slope = activation.with_slope(u.detach())
    torch.testing.assert_close(hidden, exact.detach(), rtol=1e-12, atol=1e-14)
    torch.testing.assert_close(slope, u.grad, rtol=1e-12, atol=1e-13)


def test_gelu_at_zero_has_slope_one_half():
    hidden, slope = gelu_with_slope(torch.zeros(1))
    assert hidden.item() == 0 and slope.item() == 0.5
