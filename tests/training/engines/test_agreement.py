"""The engines compute the same losses, gradients, scores and training curves."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from memlab.models import linear
from memlab.training.engines.engine import Engine, Sequences
from memlab.training.engines.plain import Plain
from memlab.training.engines.pruned import Pruned
from memlab.training.engines.tree import Tree

from .data import equations, gradient, make_model, ragged, repeated

DATA = {
    "all": equations(4),
    "skip_first": equations(4, first=2),
    "answer": equations(4, first=4),
    "repeated": repeated(),
    "ragged": ragged(24),
}
SWITCHES = [
    {},
    {"n_layers": 1},
    {"n_layers": 3, "n_heads": 4},
    {"norm": "rmsnorm", "positions": "rotary", "activation": "swiglu", "biases": False},
    {"norm": "none", "positions": "none", "activation": "relu", "tie_embeddings": False},
]
BATCHES = [None, np.array([3]), np.array([7, 2, 2, 5, 0])]
FAST = [Pruned, Tree]


def assert_equal(engine: type[Engine], sequences: Sequences, index=None, smoothing=0.0, **switches):
    model = make_model(sequences, **switches)
    plain, fast = Plain(sequences).batch(index), engine(sequences).batch(index)
    losses, gradients = [], []
    for plan in (plain, fast):
        loss = plan.loss(model, smoothing, torch.float64)
        loss.backward()
        losses.append(loss.item())
        gradients.append(gradient(model))
    assert losses[1] == pytest.approx(losses[0], rel=1e-12)
    assert (gradients[1] - gradients[0]).norm() <= 1e-11 * gradients[0].norm()
    expected, scores = plain.scores(model), fast.scores(model)
    torch.testing.assert_close(scores.nll, expected.nll, rtol=1e-10, atol=1e-12)
    for name in ("right", "example", "position"):
        assert torch.equal(getattr(scores, name), getattr(expected, name)), name
    assert fast.n_targets == plain.n_targets == len(scores.nll)


@pytest.mark.parametrize("engine", FAST)
@pytest.mark.parametrize("name", DATA)
@pytest.mark.parametrize("switches", SWITCHES, ids=str)
def test_losses_gradients_and_scores_equal_those_of_plain(engine, name, switches):
    sequences = DATA[name]
    for index in BATCHES:
        if index is None or (sequences.take(index).targets >= 0).any():
            assert_equal(engine, sequences, index, **switches)


@pytest.mark.parametrize("engine", FAST)
@pytest.mark.parametrize("name", DATA)
def test_label_smoothing_equals_that_of_plain(engine, name):
    assert_equal(engine, DATA[name], smoothing=0.2)


@st.composite
def token_sets(draw: st.DrawFn) -> Sequences:
    n, length = draw(st.integers(1, 12)), draw(st.integers(2, 6))
    token = st.integers(0, draw(st.integers(0, 3)))
    row = st.lists(token, min_size=length, max_size=length)
    mask = st.lists(st.booleans(), min_size=length - 1, max_size=length - 1)
    tokens = torch.tensor(draw(st.lists(row, min_size=n, max_size=n)))
    keep = torch.tensor(draw(st.lists(mask, min_size=n, max_size=n)))
    keep[0, draw(st.integers(0, length - 2))] = True
    return Sequences(tokens.numpy(), tokens[:, 1:].where(keep, -1).numpy())


@settings(max_examples=60, deadline=None)
@given(token_sets(), st.sampled_from(FAST), st.integers(1, 2))
def test_the_fast_engines_equal_plain_on_any_token_set(sequences, engine, n_layers):
    assert_equal(engine, sequences, n_layers=n_layers, d_model=4, n_heads=1)


SLOW = pytest.mark.slow
TRAININGS = [pytest.param(name, {}, marks=SLOW if name == "all" else ()) for name in DATA]
TRAININGS += [pytest.param("answer", switches) for switches in SWITCHES[3:]]


@pytest.mark.parametrize(("name", "switches"), TRAININGS, ids=str)
def test_twenty_steps_of_training_agree(name, switches):
    curves = []
    for engine in (Plain, Pruned, Tree):
        sequences = DATA[name]
        model = make_model(sequences, **switches)
        optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3, weight_decay=1.0)
        built, curve = engine(sequences), []
        order = np.random.default_rng(0).permutation(len(sequences))
        for step in range(20):
            index = order[step % 3 :: 3]
            optimizer.zero_grad()
            loss = built.batch(index).loss(model, dtype=torch.float64)
            loss.backward()
            optimizer.step()
            curve.append(loss.item())
        curves.append(curve)
    assert curves[1] == pytest.approx(curves[0], rel=1e-6)
    assert curves[2] == pytest.approx(curves[0], rel=1e-6)


@pytest.mark.parametrize("engine", [Plain, *FAST])
@pytest.mark.parametrize("activation", ["gelu", "relu", "swiglu"])
def test_float32_gradients_are_within_1e_5_of_float64(engine, activation):
    """Large enough for the products by oneDNN and for several chunks of rows."""
    sequences = equations(29, first=4)
    model = make_model(sequences, activation=activation, d_model=32, d_mlp=48)
    engine(sequences).batch().loss(model, dtype=torch.float64).backward()
    exact = gradient(model)
    model.float()
    engine(sequences).batch().loss(model).backward()
    assert (gradient(model) - exact).norm() < 1e-5 * exact.norm()


@pytest.mark.parametrize("engine", FAST)
def test_a_build_without_onednn_computes_the_same(engine, monkeypatch):
    sequences = equations(11, first=4)
    model = make_model(sequences).float()
    gradients = []
    for has_onednn in (linear.has_onednn(), False):
        monkeypatch.setattr(linear, "has_onednn", lambda has=has_onednn: has)
        engine(sequences).batch().loss(model).backward()
        gradients.append(gradient(model))
    assert (gradients[1] - gradients[0]).norm() < 1e-5 * gradients[0].norm()


@pytest.mark.parametrize("engine", [Plain, *FAST])
def test_all_operations_are_deterministic(engine):
    sequences = equations(first=4)
    model = make_model(sequences)
    torch.use_deterministic_algorithms(True)
    try:
        engine(sequences).batch(np.arange(9)).loss(model).backward()
    finally:
        torch.use_deterministic_algorithms(False)


@pytest.mark.parametrize("engine", [Plain, *FAST])
def test_the_bits_do_not_depend_on_previous_calls(engine):
    sequences, index = equations(29, first=4), np.arange(5, 700, 3)
    model = make_model(sequences, d_model=32).float()
    used = engine(sequences)
    bits = []
    for built in (used, used, engine(sequences)):
        built.batch(np.arange(4)).scores(model)
        plan = built.batch(index)
        plan.scores(model)
        plan.loss(model).backward()
        bits.append(gradient(model))
    assert torch.equal(bits[0], bits[1]) and torch.equal(bits[0], bits[2])


@pytest.mark.parametrize("engine", [Plain, *FAST])
def test_the_loss_in_float64_differs_from_float32_by_rounding_only(engine):
    sequences = DATA["answer"]
    model = make_model(sequences).float()
    plan = engine(sequences).batch()
    precise, usual = plan.loss(model, dtype=torch.float64), plan.loss(model)
    assert precise.dtype == torch.float64 and usual.dtype == torch.float32
    assert precise.item() == pytest.approx(usual.item(), rel=1e-5)
    assert precise.item() == pytest.approx(plan.scores(model).nll.mean().item(), rel=1e-12)


@pytest.mark.parametrize("engine", [Plain, *FAST])
def test_parts_cover_all_examples_in_order(engine):
    built = engine(DATA["ragged"])
    parts = built.parts(size=7)
    targets = torch.cat([plan.targets for plan in parts])
    assert torch.equal(targets, built.batch().targets)


def test_losses_with_dropout_have_the_same_mean_in_pruned_as_in_plain():
    sequences = equations(7, first=4)
    model = make_model(sequences, dropout=0.3, n_layers=1, d_model=8).train()
    means = []
    for engine in (Plain, Pruned):
        torch.manual_seed(0)
        plan = engine(sequences).batch()
        losses = torch.stack([plan.loss(model, dtype=torch.float64) for _ in range(300)]).detach()
        means.append((losses.mean().item(), losses.std().item() / 300**0.5))
    assert abs(means[0][0] - means[1][0]) < 4 * (means[0][1] + means[1][1])
    assert torch.equal(plan.scores(model.eval()).nll, plan.scores(model).nll)
