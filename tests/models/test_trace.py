"""Recorded activations, compared with sums and products computed from them."""

import math

import pytest
import torch

from memlab.models.trace import Trace

from .test_transformer import SWITCHES, TOKENS, make_model


@pytest.mark.parametrize("switches", SWITCHES, ids=str)
def test_activations_add_up(switches):
    model = make_model(switches).eval()
    with Trace(model, torch.tensor(TOKENS)) as trace:
        pass
    n_layers, stream = model.settings.n_layers, trace["embedding"]
    for i, block in enumerate(model.blocks):
        a = {
            name.split(".", 2)[2]: x for name, x in trace.items() if name.startswith(f"blocks.{i}.")
        }
        torch.testing.assert_close(a["residual_pre"], stream)
        torch.testing.assert_close(a["residual_mid"], stream + a["attention.out"])
        stream = a["residual_mid"] + a["mlp.out"]
        torch.testing.assert_close(a["residual_post"], stream)
        pattern = a["attention.pattern"]
        torch.testing.assert_close(pattern.sum(-1), torch.ones_like(pattern[..., 0]))
        assert not pattern.triu(1).any()
        heads = (pattern @ a["attention.v"]).transpose(1, 2).flatten(2)
        torch.testing.assert_close(block.attention.out(heads), a["attention.out"])
        torch.testing.assert_close(block.mlp.down(a["mlp.hidden"]), a["mlp.out"])
        scores = torch.einsum("phqe,phke->phqk", a["attention.q"], a["attention.k"])
        ratio = scores[..., -1, :] / math.sqrt(scores.new_tensor(a["attention.q"].shape[-1]))
        torch.testing.assert_close(ratio.softmax(-1), pattern[..., -1, :])
    assert len(trace) == 2 + 10 * n_layers
    torch.testing.assert_close(model.logits(stream), trace["logits"])


def test_hooks_are_removed_after_the_block_and_a_second_pass_replaces_the_first():
    model = make_model({}).eval()
    with Trace(model, torch.tensor(TOKENS[:1])) as trace:
        first = trace["logits"]
        model(torch.tensor(TOKENS[1:]))
        second = trace["logits"]
    model(torch.tensor(TOKENS[:1]))
    assert not torch.equal(first, second) and torch.equal(trace["logits"], second)
    assert not any(m._forward_hooks or m._forward_pre_hooks for m in model.modules())
