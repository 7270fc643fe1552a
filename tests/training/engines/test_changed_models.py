"""Every engine supports a changed model, or it is rejected before training with a hint."""

import copy

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from memlab.errors import PresetError
from memlab.models import activations, transformer
from memlab.models.activations import Activation
from memlab.models.mlp import MLP
from memlab.models.transformer import Block, Transformer
from memlab.preset.schema import Model
from memlab.training.engines.choose import ENGINES, choose
from memlab.training.engines.compare import check_engine
from memlab.training.generate import generate
from memlab.training.worker import work

from .data import equations, make_model

SEQUENCES = equations(13, first=4)
FAST = ("pruned", "tree")


def logits(engine: str, model: Transformer) -> torch.Tensor:
    """(target, d_vocab), with twice as many rows as the oneDNN products need."""
    plan = ENGINES[engine](SEQUENCES).batch()
    rows = plan.logits(model)
    return rows if plan.rows is None else rows[plan.rows]


def float32_model(**switches: object) -> Transformer:
    return make_model(SEQUENCES, **switches).float().eval()


def assert_all_engines_agree(changed: Transformer, original: Transformer) -> None:
    exact = logits("plain", changed)
    assert (exact - logits("plain", original)).abs().max() > 0.01
    for engine in FAST:
        torch.testing.assert_close(logits(engine, changed), exact, rtol=1e-4, atol=1e-4)
        check_engine(choose(engine, SEQUENCES, changed.settings, None), changed)
    prompts = SEQUENCES.tokens[:6, :5].tolist()
    answers = [generated.tokens for generated in generate(changed, prompts, 1)]
    with torch.no_grad():
        expected = changed(torch.tensor(prompts))[:, -1].argmax(-1)
    assert answers == expected.unsqueeze(1).tolist()


def test_a_new_activation_needs_only_a_function(monkeypatch):
    original = float32_model()
    monkeypatch.setitem(activations.ACTIVATIONS, "gelu", Activation(torch.sin))
    assert_all_engines_agree(float32_model(), original)


def test_a_new_activation_with_a_gate(monkeypatch):
    original = float32_model(activation="swiglu")
    monkeypatch.setitem(activations.ACTIVATIONS, "swiglu", Activation(torch.tanh))
    assert_all_engines_agree(float32_model(activation="swiglu"), original)


class ParallelBlock(Block):
    """Attention and MLP have the same input."""

    def forward(self, x, pattern):
        kept = pattern.keep(x)
        return kept + self.attention(self.norm_1(x), pattern) + self.mlp(self.norm_2(kept))


class SquaredMLP(MLP):
    """relu squared, in plain PyTorch."""

    def forward(self, x):
        return F.linear(F.relu(self.up(x)) ** 2, self.down.weight, self.down.bias)


def test_a_subclassed_block_is_supported(monkeypatch):
    original = float32_model()
    monkeypatch.setattr(transformer, "Block", ParallelBlock)
    assert_all_engines_agree(float32_model(), original)


def test_a_subclassed_mlp_is_supported(monkeypatch):
    original = float32_model()
    monkeypatch.setattr(transformer, "MLP", SquaredMLP)
    assert_all_engines_agree(float32_model(), original)


def test_a_new_norm_is_supported(monkeypatch):
    original = float32_model(norm="none")
    make = {"none": lambda kind, size, biases: torch.nn.Softsign()}
    monkeypatch.setattr(transformer, "make_norm", make["none"])
    assert_all_engines_agree(float32_model(norm="none"), original)


class DoubledTransformer(Transformer):
    """Changes `forward`, which only the plain engine calls."""

    def forward(self, tokens):
        return 2 * super().forward(tokens)


class MixingBlock(Block):
    """Adds the mean over the positions of an example, which layouts of rows do not have."""

    def forward(self, x, pattern):
        return super().forward(x + x.mean(-2, keepdim=True), pattern)


class CroppingBlock(Block):
    """Requires tensors (example, position, d_model)."""

    def forward(self, x, pattern):
        return super().forward(x[:, :, :], pattern)


@pytest.mark.parametrize("engine", FAST)
def test_a_changed_forward_of_the_whole_model_is_refused(engine):
    model = DoubledTransformer(Model(d_model=16), 17, 6)
    with pytest.raises(PresetError, match="does not compute") as error:
        check_engine(choose(engine, SEQUENCES, model.settings, None), model)
    assert "logits differ" in error.value.found and "training.engine=plain" in error.value.hint
    check_engine(choose("plain", SEQUENCES, model.settings, None), model)


@pytest.mark.parametrize("engine", FAST)
@pytest.mark.parametrize("block", [MixingBlock, CroppingBlock])
def test_a_block_that_mixes_rows_outside_the_attention_is_refused(engine, block, monkeypatch):
    monkeypatch.setattr(transformer, "Block", block)
    model = Transformer(Model(d_model=16), 17, 6)
    with pytest.raises(PresetError, match="does not compute"):
        check_engine(choose(engine, SEQUENCES, model.settings, None), model)


@pytest.mark.parametrize("engine", FAST)
def test_a_wrong_hand_written_slope_is_refused(engine, monkeypatch):
    wrong = Activation(F.relu, lambda u: (u.clamp(min=0), torch.ones_like(u)))
    monkeypatch.setitem(activations.ACTIVATIONS, "relu", wrong)
    model = Transformer(Model(d_model=16, activation="relu"), 17, 6)
    with pytest.raises(PresetError) as error:
        check_engine(choose(engine, SEQUENCES, model.settings, None), model)
    assert "gradients differ" in error.value.found


def test_the_comparison_changes_neither_the_model_nor_the_global_generator():
    model = Transformer(Model(d_model=16, dropout=0.1), 17, 6).train()
    before = copy.deepcopy(model.state_dict())
    torch.manual_seed(5)
    expected = torch.rand(3)
    torch.manual_seed(5)
    check_engine(choose("pruned", SEQUENCES, model.settings, None), model)
    assert torch.equal(torch.rand(3), expected) and model.training
    assert all(p.grad is None for p in model.parameters())
    assert all(torch.equal(before[name], value) for name, value in model.state_dict().items())


def test_a_run_with_a_changed_forward_trains_only_with_plain(tiny, tmp_path, monkeypatch):
    from memlab.preset.create import create_run

    monkeypatch.setattr("memlab.training.state.Transformer", DoubledTransformer)
    folder = create_run(tiny(**{"training.engine": "tree"}), tmp_path / "tree")
    with pytest.raises(PresetError, match="does not compute"):
        list(work(folder))
    assert not folder.attempts()
    events = list(work(create_run(tiny(**{"training.engine": "plain"}), tmp_path / "plain")))
    assert events[-1].reason == "finished"


def test_examples_without_loss_are_not_compared():
    targets = SEQUENCES.targets.copy()
    targets[: len(targets) // 2] = -1
    sequences = type(SEQUENCES)(SEQUENCES.tokens, targets)
    model = Transformer(Model(d_model=16), 17, 6)
    check_engine(choose("tree", sequences, model.settings, None), model)
    assert np.all(targets[0] == -1)
