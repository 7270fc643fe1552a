"""Data of figures of a run's model: attention, spectrum, logit table. Loads torch."""

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from memlab.figures.kind import kind_of
from memlab.figures.plot import FigureData
from memlab.figures.source import AttentionPatterns, FigureOptions
from memlab.record.model_pictures import last_checkpoint
from memlab.training.model_pictures import model_pictures
from memlab.training.models_at import ModelsAt

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


def model_figure_data(  # noqa: PLR0913 - most have defaults
    run: "Run",
    kind: str,
    options: FigureOptions,
    *,
    prompt: str = "",
    at: str | int | None = None,
    report: Callable[[str], None] = lambda line: None,
) -> FigureData:
    """The data of a figure of a run's model at a step.

    Args:
        kind: one of `OF_A_MODEL`.
        prompt: input for attention; empty = a validation example.
        at: `best`, `last`, or a step, which is recomputed if it has no checkpoint;
            None = `options.at`, else `last`.
        report: called with a line of text about each recomputation.

    Raises:
        MemlabError: there is no such checkpoint, or the prompt has an unknown symbol.
    """
    at = next((given for given in (at, options.at) if given is not None), "last")
    figure = kind_of(kind)
    if prompt and kind == "attention":
        return figure.make(attention_of(run, prompt, at), options)
    folder = run.history.folder
    step = last_checkpoint(folder) if at == "last" else at
    if isinstance(step, str):
        step = run.checkpoint_step(step)
    pictures = model_pictures(ModelsAt(folder, "auto", report), step)
    if kind != "attention":
        return figure.make(pictures, options)
    patterns = AttentionPatterns(folder.id, step, pictures.tokens, pictures.attention)
    return figure.make(patterns, options)
