"""Attention on a sample, embedding spectrum and logit table of the model of a run."""

import numpy as np
import torch

from memlab.measures.circuit import embedding_spectrum
from memlab.measures.model_view import LogitTable
from memlab.record.model_pictures import Floats, ModelPictures, keep_pictures, read_pictures
from memlab.training.model_arrays import ModelArrays, attention_weights
from memlab.training.models_at import ModelsAt
from memlab.training.run_data import RunData


def model_pictures(models: ModelsAt, step: int) -> ModelPictures:
    """The pictures of the model after update `step`, read from `derived/` if they are there.

    Raises:
        RunError: the run has no such step, or a recomputed row differs from the recorded one.
    """
    stored = read_pictures(models.folder, step)
    if stored is not None:
        return stored
    model, run_data = models.model(step), models.run_data
    sample = _sample(run_data)
    tokens = torch.from_numpy(sample[None]).to(run_data.device)
    view = ModelArrays(model, run_data)
    spectrum = embedding_spectrum(view)
    symbols = run_data.dataset.vocabulary.symbols
    pictures = ModelPictures(
        models.folder.id,
        step,
        tuple(symbols[i] for i in sample),
        np.stack([weights[0] for weights in attention_weights(model, tokens)]),
        np.empty(0) if spectrum is None else spectrum,
        np.empty((0, 0)) if view.table is None else margin_table(view.table),
    )
    keep_pictures(models.folder, pictures)
    return pictures


def _sample(run_data: RunData) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """(position,) token ids of the first prompt of the validation split, else of the training split."""
    splits = run_data.dataset.splits
    examples = splits["val"] if len(splits.get("val", ())) else splits["train"]
    answer = int(examples.answer[0].argmax())
    return np.ascontiguousarray(examples.tokens[0, :answer])


def margin_table(table: LogitTable) -> Floats:
    """(first operand, second operand) logit of the answer minus the largest other logit.

    Rows and columns are in the order of the numbers, not in the order of the group; NaN where the
    operation is not defined.
    """
    answers = table.answers[:, :, None]  # (x, y, 1)
    target = np.take_along_axis(table.logits, answers, axis=-1)[..., 0]
    others = table.logits.copy()
    np.put_along_axis(others, answers, -np.inf, axis=-1)
    margins = np.full((table.logits.shape[-1],) * 2, np.nan)
    margins[np.ix_(table.group.left, table.group.right)] = target - others.max(axis=-1)
    return margins
