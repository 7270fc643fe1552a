"""Attention patterns of a run's model on a prompt, as figures take them."""

from typing import TYPE_CHECKING

import numpy as np

from memlab.figures.source import AttentionPatterns

if TYPE_CHECKING:
    from memlab.api.run import Run


def attention_of(run: "Run", prompt: str, at: str | int = "last") -> AttentionPatterns:
    """The attention of every head on `prompt`.

    Args:
        at: `best`, `last`, or the step of a checkpoint.

    Raises:
        DataError: the prompt has an unknown symbol or is too long.
        RunError: there is no such checkpoint.
    """
    with run.trace(prompt, at=at) as trace:
        names = [name for name in trace if name.endswith("attention.pattern")]
        weights = np.stack([trace[name][0].double().cpu().numpy() for name in names])
        ids = trace.tokens[0].tolist()
    symbols = run.preset.task.dataset(run.preset.seeds).vocabulary.symbols
    step = run.checkpoint_step(at)
    return AttentionPatterns(run.id, step, tuple(symbols[i] for i in ids), weights)
