"""All engines train every shipped preset equally: 50 float64 updates on a sample of its data."""

from collections.abc import Iterator

import numpy as np
import pytest
import torch

from memlab.models.transformer import Transformer
from memlab.preset.facts import facts
from memlab.preset.load import available, load
from memlab.preset.schema import Preset
from memlab.training.engines.choose import ENGINES
from memlab.training.engines.engine import Engine, Sequences
from memlab.training.optimizers import build_optimizer

EXAMPLES, UPDATES = 24, 50


def distinct() -> Iterator[Preset]:
    """One preset per task, model and loss, without dropout."""
    seen = []
    for found in available():
        preset = load(found.name, ["model.dropout=0"])
        kind = (preset.task, preset.model, preset.training.loss_on)
        if kind not in seen:
            seen.append(kind)
            yield preset


def curve(preset: Preset, engine: Engine, d_vocab: int, n_ctx: int) -> list[float]:
    """The loss of each update, on two thirds of the examples at a time."""
    model = Transformer(preset.model, d_vocab, n_ctx, seed=0).double()
    optimizer = build_optimizer(preset.optimizer, model)
    losses = []
    for step in range(UPDATES):
        optimizer.zero_grad()
        index = np.delete(np.arange(EXAMPLES), np.s_[step % 3 :: 3])
        loss = engine.batch(index).loss(model, preset.training.label_smoothing, torch.float64)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses


@pytest.mark.slow
@pytest.mark.parametrize("preset", distinct(), ids=lambda preset: preset.name)
def test_all_engines_train_equally(preset):
    known = facts(preset)
    chosen = np.random.default_rng(0).permutation(len(known.train))[:EXAMPLES]
    chosen = np.resize(chosen, EXAMPLES)
    sequences = Sequences(known.train.tokens[chosen], known.target[chosen])
    d_vocab = len(known.dataset.vocabulary)
    curves = {
        name: curve(preset, engine(sequences), d_vocab, known.n_ctx)
        for name, engine in ENGINES.items()
    }
    assert curves["plain"][-1] < curves["plain"][0]
    for name in ("pruned", "tree"):
        assert curves[name] == pytest.approx(curves["plain"], rel=1e-6), name
