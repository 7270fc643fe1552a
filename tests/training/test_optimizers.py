"""Updates, compared with the formulas in simple float64 loops."""

import sys

import numpy as np
import pytest
import torch

from memlab.preset.schema import Optimizer
from memlab.training.device import make_deterministic
from memlab.training.optimizers import build_optimizer, set_learning_rate


class TwoParameters(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.matrix = torch.nn.Parameter(torch.tensor([[0.5, -1.0], [2.0, 0.1]]))
        self.bias = torch.nn.Parameter(torch.tensor([0.3, -0.7]))


def gradients(step):
    return np.cos(np.arange(4.0).reshape(2, 2) + step), np.sin(np.arange(2.0) + step)


def adam_by_hand(values, settings, steps, decay):
    b1, b2 = settings.betas
    mean, square = np.zeros_like(values), np.zeros_like(values)
    for step in range(1, steps + 1):
        gradient = gradients(step)[0 if values.ndim == 2 else 1]
        if settings.kind == "adam":
            gradient = gradient + decay * values
        else:
            values = values * (1 - settings.lr * decay)
        mean = b1 * mean + (1 - b1) * gradient
        square = b2 * square + (1 - b2) * gradient**2
        scaled = np.sqrt(square / (1 - b2**step)) + settings.eps
        values = values - settings.lr * (mean / (1 - b1**step)) / scaled
    return values


@pytest.mark.parametrize("kind", ["adam", "adamw"])
@pytest.mark.parametrize("decay_on", ["all", "matrices"])
def test_adam_follows_its_formula(kind, decay_on):
    settings = Optimizer(kind=kind, lr=0.05, weight_decay=0.3, decay_on=decay_on)
    model = TwoParameters()
    optimizer = build_optimizer(settings, model)
    expected = [
        adam_by_hand(model.matrix.detach().double().numpy(), settings, 20, 0.3),
        adam_by_hand(
            model.bias.detach().double().numpy(), settings, 20, 0.3 if decay_on == "all" else 0.0
        ),
    ]
    for step in range(1, 21):
        matrix, bias = gradients(step)
        model.matrix.grad = torch.tensor(matrix, dtype=torch.float32)
        model.bias.grad = torch.tensor(bias, dtype=torch.float32)
        set_learning_rate(optimizer, settings.lr)
        optimizer.step()
    np.testing.assert_allclose(model.matrix.detach().numpy(), expected[0], rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(model.bias.detach().numpy(), expected[1], rtol=1e-4, atol=1e-6)


def test_sgd_with_momentum_follows_its_formula():
    settings = Optimizer(kind="sgd", lr=0.1, momentum=0.9, weight_decay=0.2)
    model = TwoParameters()
    optimizer = build_optimizer(settings, model)
    values, velocity = model.bias.detach().double().numpy(), None
    for step in range(1, 11):
        gradient = gradients(step)[1] + 0.2 * values
        velocity = gradient if velocity is None else 0.9 * velocity + gradient
        values = values - 0.1 * velocity
        matrix, bias = gradients(step)
        model.matrix.grad = torch.tensor(matrix, dtype=torch.float32)
        model.bias.grad = torch.tensor(bias, dtype=torch.float32)
        optimizer.step()
    np.testing.assert_allclose(model.bias.detach().numpy(), values, rtol=1e-5)


@pytest.mark.parametrize(
    ("kind", "torch_optimizer"),
    [("adamw", torch.optim.AdamW), ("adam", torch.optim.Adam), ("sgd", torch.optim.SGD)],
)
def test_updates_equal_torch_bit_by_bit_and_do_not_import_the_compiler(
    kind, torch_optimizer, monkeypatch
):
    options = {"momentum": 0.9} if kind == "sgd" else {"betas": (0.9, 0.98), "eps": 1e-8}
    settings = Optimizer(kind=kind, lr=0.05, weight_decay=0.3, momentum=0.9, betas=[0.9, 0.98])
    theirs, ours = TwoParameters(), TwoParameters()
    reference = torch_optimizer(
        theirs.parameters(), lr=0.05, weight_decay=0.3, fused=True, **options
    )
    for step in range(5):
        for parameter, gradient in zip(theirs.parameters(), gradients(step), strict=True):
            parameter.grad = torch.tensor(gradient, dtype=torch.float32)
        reference.step()
    for module in ("torch._dynamo", "torch._inductor"):
        monkeypatch.setitem(sys.modules, module, None)  # an import of it fails
    make_deterministic()
    assert torch.are_deterministic_algorithms_enabled()
    optimizer = build_optimizer(settings, ours)
    for step in range(5):
        optimizer.zero_grad(set_to_none=True)
        for parameter, gradient in zip(ours.parameters(), gradients(step), strict=True):
            parameter.grad = torch.tensor(gradient, dtype=torch.float32)
        optimizer.step()
        optimizer.load_state_dict(optimizer.state_dict())
    for our, their in zip(ours.parameters(), theirs.parameters(), strict=True):
        assert torch.equal(our, their) and our.requires_grad
