"""Comparison of an engine with the model's own forward, before a run starts.

All engines run the blocks of the model, so they support changed blocks, activations, norms and position
schemes. They do not support a changed `Transformer.forward`, or an operation that mixes rows outside
the attention. Without this comparison such an engine would silently train another model.
"""

import copy

import numpy as np
import torch
from torch import Tensor

from memlab.errors import PresetError
from memlab.models.transformer import Transformer
from memlab.training.engines.choose import Choice
from memlab.training.engines.engine import BatchPlan
from memlab.training.engines.plain import Plain

EXAMPLES = 128
"""enough rows in every block for oneDNN's matrix products (`models.linear.FEWEST_ROWS`)"""
TOKENS = 2048
"""maximum number of positions; long examples reduce the number of examples"""
TOLERANCE = 1e-3
"""maximum relative difference; rounding errors are at most 3.5e-6 over all shipped presets"""
NOISE = 0.05
"""standard deviation of the noise added to every weight of the compared copy, so that biases are
not zero"""


def check_engine(choice: Choice, model: Transformer) -> None:
    """Compare the chosen engine with the plain engine on a few training examples.

    Logits and gradients are compared on a copy of the weights with noise added. The model and the
    global random generator of torch do not change.

    Raises:
        PresetError: they differ, or the engine fails on this model.
    """
    if choice.name == "plain":
        return
    sequences = choice.engine.sequences
    has_loss = np.flatnonzero((sequences.targets >= 0).any(1))
    n = max(1, min(EXAMPLES, TOKENS // sequences.tokens.shape[1]))
    index = has_loss[:n]
    probe = _with_noise(model)
    exact = _logits_and_gradient(Plain(sequences).batch(index), probe)
    try:
        computed = _logits_and_gradient(choice.engine.batch(index), probe)
    except torch.OutOfMemoryError:
        raise
    except (RuntimeError, TypeError, IndexError, AttributeError, AssertionError) as error:
        raise _cannot_follow(choice.name, f"it fails with: {error}") from error
    for what, a, b in zip(("logits", "gradients"), computed, exact, strict=True):
        difference = float((a - b).norm() / b.norm().clamp(min=1e-30))
        if not difference < TOLERANCE:
            raise _cannot_follow(choice.name, f"{what} differ by {difference:.1e} of their norm")


def _with_noise(model: Transformer) -> Transformer:
    probe = copy.deepcopy(model).eval()
    generator = torch.Generator().manual_seed(0)
    with torch.no_grad():
        for p in probe.parameters():
            p.add_(torch.randn(p.shape, generator=generator).to(p.device), alpha=NOISE)
    return probe


def _logits_and_gradient(plan: BatchPlan, model: Transformer) -> tuple[Tensor, Tensor]:
    """Logits (target, d_vocab), and the gradient (parameter,) of a fixed weighted sum of the logits."""
    logits = plan.target_logits(model)
    weight = torch.arange(logits.numel(), device=logits.device).view_as(logits).sin()
    parameters = list(model.parameters())
    gradients = torch.autograd.grad((logits * weight).sum(), parameters, materialize_grads=True)
    return logits.detach(), torch.cat([gradient.flatten() for gradient in gradients])


def _cannot_follow(name: str, found: str) -> PresetError:
    return PresetError(
        f"the {name} engine does not compute the same function as this model's forward",
        where="training.engine",
        found=found,
        allowed="the same logits and gradients as plain, up to rounding",
        hint="training.engine=plain runs the model's own forward",
    )
