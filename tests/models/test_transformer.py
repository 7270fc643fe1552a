"""The model, compared with an independent implementation in NumPy, for every option."""

import sys

import numpy as np
import pytest
import torch

from memlab.models.transformer import Transformer
from memlab.preset.schema import Model
from memlab.preset.size import parameter_count

from . import numpy_transformer as reference

D_VOCAB, N_CTX = 7, 6
SWITCHES = [
    {},
    {"norm": "rmsnorm"},
    {"norm": "none"},
    {"positions": "rotary"},
    {"positions": "none"},
    {"activation": "relu"},
    {"activation": "swiglu"},
    {"biases": False},
    {"tie_embeddings": False},
    {"n_layers": 1, "n_heads": 1, "d_mlp": 5},
    {"norm": "rmsnorm", "positions": "rotary", "activation": "swiglu", "biases": False},
]


def make_model(switches: dict) -> Transformer:
    settings = Model(**({"d_model": 8, "n_heads": 2, "init_std": 0.5} | switches))
    model = Transformer(settings, D_VOCAB, N_CTX, seed=1).double()
    generator = torch.Generator().manual_seed(2)
    with torch.no_grad():  # so that biases and norms affect the logits
        for p in model.parameters():
            p += 0.1 * torch.randn(p.shape, generator=generator, dtype=p.dtype)
    return model


def weights(model: Transformer) -> dict[str, np.ndarray]:
    return {name: p.detach().numpy().copy() for name, p in model.named_parameters()}


TOKENS = [[1, 4, 0, 6, 2, 1], [3, 3, 5, 1, 0, 2]]


@pytest.mark.parametrize("switches", SWITCHES, ids=str)
def test_logits_equal_the_numpy_implementation(switches):
    model = make_model(switches)
    batch_logits = model(torch.tensor(TOKENS)).detach().numpy()
    for logits, tokens in zip(batch_logits, TOKENS, strict=True):
        expected = reference.logits(model.settings, weights(model), tokens)
        np.testing.assert_allclose(logits, expected, rtol=1e-9, atol=1e-11)


@pytest.mark.parametrize("switches", SWITCHES, ids=str)
def test_a_model_is_created_without_the_compiler_and_the_global_generator(switches, monkeypatch):
    for module in ("torch._dynamo", "torch._inductor", "torch.fx.experimental.symbolic_shapes"):
        monkeypatch.setitem(sys.modules, module, None)  # an import of it fails
    before = torch.get_rng_state()
    model = Transformer(Model(**({"d_model": 8, "n_heads": 2} | switches)), D_VOCAB, N_CTX)
    assert torch.equal(torch.get_rng_state(), before)
    assert all(p.device.type == "cpu" and p.requires_grad for p in model.parameters())


@pytest.mark.parametrize("switches", SWITCHES, ids=str)
def test_gradients_equal_finite_differences_of_the_numpy_implementation(switches):
    model = make_model(switches)
    generator = np.random.default_rng(3)
    cotangent = generator.normal(size=(N_CTX, D_VOCAB))
    (model(torch.tensor(TOKENS[:1]))[0] * torch.from_numpy(cotangent)).sum().backward()
    w, step = weights(model), 1e-6
    for name, p in model.named_parameters():
        direction = generator.normal(size=tuple(p.shape))
        ends = [
            (reference.logits(model.settings, w | {name: w[name] + s * direction}, TOKENS[0])
             * cotangent).sum()
            for s in (step, -step)
        ]  # fmt: skip
        slope = float((p.grad * torch.from_numpy(direction)).sum())
        assert slope == pytest.approx((ends[0] - ends[1]) / (2 * step), rel=1e-5, abs=1e-7), name


@pytest.mark.parametrize("switches", SWITCHES, ids=str)
def test_the_parameter_count_equals_the_closed_form(switches):
    model = make_model(switches)
    counted = sum(p.numel() for p in model.parameters())
    assert counted == parameter_count(model.settings, D_VOCAB, N_CTX)


def test_initial_weights_depend_only_on_the_seed():
    torch.manual_seed(5)
    before = torch.get_rng_state()
    one, same, other = (Transformer(Model(d_model=16), 9, 4, seed=s) for s in (1, 1, 2))
    assert torch.equal(torch.get_rng_state(), before)
    for a, b in zip(one.parameters(), same.parameters(), strict=True):
        assert torch.equal(a, b)
    assert not torch.equal(one.token.weight, other.token.weight)


def test_initial_weights_have_the_stated_standard_deviation():
    model = Transformer(Model(n_layers=2, d_model=128, init_std=0.02), 100, 50)
    block = model.blocks[1]
    for weight in (block.attention.qkv.weight, block.mlp.up.weight, model.token.weight):
        assert float(weight.detach().std()) == pytest.approx(0.02, rel=0.05)
    for weight in (block.attention.out.weight, block.mlp.down.weight):
        assert float(weight.detach().std()) == pytest.approx(0.02 / 2, rel=0.05)
    assert not block.mlp.up.bias.any() and (block.norm_1.weight == 1).all()


def test_dropout_is_used_only_in_training_and_depends_on_the_global_seed():
    model = Transformer(Model(d_model=16, dropout=0.5), 9, 6)
    tokens = torch.tensor(TOKENS)
    torch.manual_seed(0)
    first = model(tokens)
    torch.manual_seed(0)
    assert torch.equal(model(tokens), first)
    assert not torch.equal(model(tokens), first)
    model.eval()
    assert torch.equal(model(tokens), model(tokens))
