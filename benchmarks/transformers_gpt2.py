"""Compares an update of transformers' GPT-2 with memlab's engines, with the same weights and batch.

    pip install 'memlab[bench]'
    python benchmarks/transformers_gpt2.py [PRESET] [KEY=VALUE ...]

Prints a Markdown table. GPT-2 computes every position of every example, and its loss has the same
targets. Both make complete updates with the optimizer of the preset.
"""

import memlab.training  # noqa: F401  # sets the wait policy of threads before torch is loaded

# isort: split

import platform
import sys
import time
from collections.abc import Callable
from functools import partial
from statistics import median

import torch
import torch.nn.functional as F
from torch import nn
from transformers import GPT2Config, GPT2LMHeadModel

from memlab.models.transformer import Transformer
from memlab.preset.facts import Facts, facts
from memlab.preset.load import load
from memlab.training.batches import Batches
from memlab.training.engines.choose import ENGINES
from memlab.training.engines.engine import Sequences
from memlab.training.optimizers import build_optimizer
from memlab.training.update_plans import UpdatePlans

STEPS = 5


def gpt2_like(model: Transformer) -> GPT2LMHeadModel:
    """GPT-2 of transformers with the weights of `model`; its matrices are (in, out)."""
    settings = model.settings
    config = GPT2Config(
        vocab_size=model.d_vocab,
        n_positions=model.n_ctx,
        n_embd=settings.d_model,
        n_layer=settings.n_layers,
        n_head=settings.n_heads,
        n_inner=settings.d_mlp,
        activation_function="gelu_new",
        resid_pdrop=0.0,
        embd_pdrop=0.0,
        attn_pdrop=0.0,
        bos_token_id=None,
        eos_token_id=None,
    )
    other = GPT2LMHeadModel(config).train()
    body = other.transformer
    pairs = [(body.wte, model.token), (body.wpe, model.position), (body.ln_f, model.norm)]
    for theirs, ours in zip(body.h, model.blocks, strict=True):
        pairs += [
            (theirs.ln_1, ours.norm_1),
            (theirs.attn.c_attn, ours.attention.qkv),
            (theirs.attn.c_proj, ours.attention.out),
            (theirs.ln_2, ours.norm_2),
            (theirs.mlp.c_fc, ours.mlp.up),
            (theirs.mlp.c_proj, ours.mlp.down),
        ]
    with torch.no_grad():
        for theirs, ours in pairs:
            transposed = type(theirs).__name__ == "Conv1D"
            theirs.weight.copy_(ours.weight.t() if transposed else ours.weight)
            if getattr(ours, "bias", None) is not None:
                theirs.bias.copy_(ours.bias)
    return other


Loss = Callable[[int], torch.Tensor]
"""from the number of an update to the loss of its batch"""


def compared_models(known: Facts) -> dict[str, tuple[nn.Module, Loss]]:
    """Name to model and loss function; the models have equal weights."""
    sequences = Sequences(known.train.tokens, known.target)
    batches = Batches(known, known.preset.seeds)
    seed, d_vocab = known.preset.seeds.number("init"), len(known.dataset.vocabulary)
    models: dict[str, tuple[nn.Module, Loss]] = {}
    for name, kind in ENGINES.items():
        model = Transformer(known.preset.model, d_vocab, known.n_ctx, seed=seed)
        models[name] = model, partial(_loss, UpdatePlans(kind(sequences), batches), model)
    gpt2 = gpt2_like(model)

    def loss_of_gpt2(step: int) -> torch.Tensor:
        batch = sequences.take(batches.at(step, step))
        inputs, targets = batch.put(batch.tokens[:, :-1]), batch.put(batch.targets.ravel())
        logits = gpt2(input_ids=inputs, use_cache=False).logits.flatten(0, 1)
        return F.cross_entropy(logits, targets, ignore_index=-1)

    return models | {"transformers GPT-2": (gpt2, loss_of_gpt2)}


def _loss(plans: UpdatePlans, model: Transformer, step: int) -> torch.Tensor:
    (plan,) = plans.at(step, step)
    return plan.loss(model)


def time_steps(known: Facts) -> dict[str, tuple[float, float]]:
    """Median seconds of an update, without the first one, and the loss of the first update."""
    models = compared_models(known)
    optimizers = {
        name: build_optimizer(known.preset.optimizer, model) for name, (model, _) in models.items()
    }
    times: dict[str, list[float]] = {name: [] for name in models}
    first: dict[str, float] = {}
    for step in range(1, STEPS + 2):
        for name, (_, loss) in models.items():
            started = time.perf_counter()
            optimizers[name].zero_grad()
            value = loss(step)
            value.backward()
            optimizers[name].step()
            times[name].append(time.perf_counter() - started)
            first.setdefault(name, value.item())
    return {name: (median(seconds[1:]), first[name]) for name, seconds in times.items()}


def main() -> None:
    name, *overrides = sys.argv[1:] or ["grok-add-97"]
    known = facts(load(name, overrides))
    measured = time_steps(known)
    slowest = measured["transformers GPT-2"][0]
    print(f"{known.preset.name}, {torch.get_num_threads()} threads, {platform.machine()}, ", end="")
    print(f"torch {torch.__version__}, median of {STEPS} interleaved steps\n")
    print("| step | ms | times GPT-2 | loss at step 1 |\n|---|--:|--:|--:|")
    for engine, (seconds, loss) in sorted(measured.items(), key=lambda item: -item[1][0]):
        print(f"| {engine} | {1000 * seconds:.1f} | {slowest / seconds:.1f} | {loss:.6f} |")


if __name__ == "__main__":
    main()
