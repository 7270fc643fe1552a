"""The learning rate of each update."""

import math

from memlab.preset.schema import Optimizer


def learning_rate(settings: Optimizer, step: int, steps: int) -> float:
    """Learning rate of update `step`, 1 to `steps`: linear warmup, then the schedule.

    A linear or cosine schedule reaches `final_lr_fraction * lr` at the last update.
    """
    if step <= settings.warmup_steps:
        return settings.lr * step / settings.warmup_steps
    if settings.schedule == "constant":
        return settings.lr
    progress = (step - settings.warmup_steps) / max(1, steps - settings.warmup_steps)
    left = 1 - progress if settings.schedule == "linear" else (1 + math.cos(math.pi * progress)) / 2
    return settings.lr * (settings.final_lr_fraction + (1 - settings.final_lr_fraction) * left)
