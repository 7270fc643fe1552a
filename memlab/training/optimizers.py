"""Optimizers, built from a preset.

Torch decorates the methods of its optimizers for `torch.compile`. At their first call the decorators
import `torch._dynamo`, which takes a second of CPU time, for a compiler that memlab does not use. The
subclasses here call the undecorated functions, which `inspect.unwrap` returns (it returns a function
without decorators unchanged). The only other effect of the decorators is `no_grad` in `step`.
"""

from inspect import unwrap
from typing import Any, final

import torch
from torch import nn

from memlab.preset.schema import Optimizer


class _Undecorated(torch.optim.Optimizer):
    """Undecorated methods that all optimizers share."""

    add_param_group = unwrap(torch.optim.Optimizer.add_param_group)
    zero_grad = unwrap(torch.optim.Optimizer.zero_grad)
    state_dict = unwrap(torch.optim.Optimizer.state_dict)
    load_state_dict = unwrap(torch.optim.Optimizer.load_state_dict)


@final
class EagerAdamW(_Undecorated, torch.optim.AdamW):
    """`torch.optim.AdamW` without the decorators."""

    step = torch.no_grad()(unwrap(torch.optim.AdamW.step))


@final
class EagerAdam(_Undecorated, torch.optim.Adam):
    """`torch.optim.Adam` without the decorators."""

    step = torch.no_grad()(unwrap(torch.optim.Adam.step))


@final
class EagerSGD(_Undecorated, torch.optim.SGD):
    """`torch.optim.SGD` without the decorators."""

    step = torch.no_grad()(unwrap(torch.optim.SGD.step))


def build_optimizer(settings: Optimizer, model: nn.Module) -> torch.optim.Optimizer:
    """The optimizer for `settings` over the parameters of `model`, with torch's fused kernels.

    With `decay_on: matrices`, the first parameter group holds the weights with two or more axes, and
    only these decay.
    """
    parameters = list(model.parameters())
    groups: list[dict[str, Any]]
    if settings.decay_on == "matrices":
        groups = [
            {"params": [p for p in parameters if p.ndim >= 2]},
            {"params": [p for p in parameters if p.ndim < 2], "weight_decay": 0.0},
        ]
    else:
        groups = [{"params": parameters}]
    if settings.kind == "sgd":
        return EagerSGD(
            groups,
            lr=settings.lr,
            momentum=settings.momentum,
            weight_decay=settings.weight_decay,
            fused=True,
        )
    adam = EagerAdamW if settings.kind == "adamw" else EagerAdam
    return adam(
        groups,
        lr=settings.lr,
        betas=(settings.betas[0], settings.betas[1]),
        eps=settings.eps,
        weight_decay=settings.weight_decay,
        fused=True,
    )


def apply_settings(optimizer: torch.optim.Optimizer, settings: Optimizer) -> None:
    """Apply the settings that can be edited during training; the schedule sets the learning rate."""
    optimizer.param_groups[0]["weight_decay"] = settings.weight_decay


def set_learning_rate(optimizer: torch.optim.Optimizer, lr: float) -> None:
    for group in optimizer.param_groups:
        group["lr"] = lr
