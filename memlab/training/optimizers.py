"""Optimizers, built from a preset."""

from typing import Any

import torch
from torch import nn

from memlab.preset.schema import Optimizer


def build_optimizer(settings: Optimizer, model: nn.Module) -> torch.optim.Optimizer:
    """The optimizer for `settings` over the parameters of `model`, with one fused update."""
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
        return torch.optim.SGD(
            groups,
            lr=settings.lr,
            momentum=settings.momentum,
            weight_decay=settings.weight_decay,
            fused=True,
        )
    adam = torch.optim.AdamW if settings.kind == "adamw" else torch.optim.Adam
    return adam(
        groups,
        lr=settings.lr,
        betas=(settings.betas[0], settings.betas[1]),
        eps=settings.eps,
        weight_decay=settings.weight_decay,
        fused=True,
    )


def apply_settings(optimizer: torch.optim.Optimizer, settings: Optimizer) -> None:
    """Apply the settings that may be edited during training."""
    optimizer.param_groups[0]["weight_decay"] = settings.weight_decay


def set_learning_rate(optimizer: torch.optim.Optimizer, lr: float) -> None:
    for group in optimizer.param_groups:
        group["lr"] = lr
