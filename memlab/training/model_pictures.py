"""Attention on a sample, the embedding's spectrum and the logit table of a run's model."""

import numpy as np
import torch

from memlab.measures.circuit import embedding_spectrum
from memlab.measures.model_view import LogitTable
from memlab.record.model_pictures import Floats, ModelPictures, keep_pictures, read_pictures
from memlab.training.model_arrays import ModelArrays, attention_weights
from memlab.training.models_at import ModelsAt
from memlab.training.run_data import RunData


def model_pictures(models: ModelsAt, step: int) -> ModelPictures:
    """The pictures of the model after update `step`; those that are kept are not computed again.

    Raises:
        RunError: the run has no such step, or a recomputed row differs from the recorded one.
    """
    known = read_pictures(models.folder, step)
    if known is not None:
        return known
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
    """(position,) the ids of the first prompt of the validation split, else of training."""
    splits = run_data.dataset.splits
    examples = splits["val"] if len(splits.get("val", ())) else splits["train"]
    answer = int(examples.answer[0].argmax())
    return np.ascontiguousarray(examples.tokens[0, :answer])


def margin_table(table: LogitTable) -> Floats:
    """(first operand, second operand) the answer's logit minus the largest other one.

    Rows and columns are the numbers as they are written, whatever their order in the group is.
    """
    answers = table.answers[:, :, None]
    right = np.take_along_axis(table.logits, answers, axis=-1)[..., 0]
    others = table.logits.copy()
    np.put_along_axis(others, answers, -np.inf, axis=-1)
    margins = np.full((table.logits.shape[-1],) * 2, np.nan)
    margins[np.ix_(table.group.left, table.group.right)] = right - others.max(axis=-1)
    return margins
