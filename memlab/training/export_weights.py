"""Exports the weights of a checkpoint, and verifies the files against the logits of the model."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.numpy import load_file

from memlab.errors import RunError
from memlab.formats.gpt2 import gpt2_config, gpt2_tensors, write_gpt2
from memlab.formats.llmc_model import read_model_bin, write_model_bin
from memlab.formats.model_weights import ModelWeights
from memlab.formats.numpy_logits import Tensors, gpt2_logits, transformer_lens_logits
from memlab.formats.transformer_lens import write_transformer_lens
from memlab.models.transformer import Transformer
from memlab.record import files
from memlab.tasks.export import write_llmc
from memlab.tasks.task import Dataset, Vocabulary
from memlab.training.trained_model import TrainedModel

COMPARED = 8
"""number of examples of each split whose logits are compared"""

Logits = NDArray[np.float64]
Integers = NDArray[np.int64]
Write = Callable[[ModelWeights, Dataset, Path], None]
Read = Callable[[Path, Dataset, Integers], Logits]
WriteFolder = Callable[[ModelWeights, Vocabulary, Path], None]
ComputeLogits = Callable[[Tensors, Mapping[str, Any], Integers], Logits]


@dataclass(frozen=True)
class Exported:
    path: Path
    step: int
    files: list[str]
    """names of the files"""
    largest_difference: float
    """largest absolute difference between the logits computed from the files and those of the model"""


def weights_of(model: Transformer) -> ModelWeights:
    """The weights of a model as float32 arrays on the CPU."""
    arrays = {name: p.detach().cpu().float().numpy() for name, p in model.named_parameters()}
    return ModelWeights(model.settings, model.n_ctx, arrays)


def export_weights(trained: TrainedModel, format_name: str, target: Path) -> Exported:
    """Write the weights into a new folder, which appears only when it is complete.

    Raises:
        PresetError: the format cannot represent one of the model's settings.
        RunError: `target` exists.
    """
    if target.exists():
        raise RunError(
            "this path already exists", where=str(target), hint="choose another with -o PATH"
        )
    write, read = FORMATS[format_name]
    dataset = trained.run_data.dataset
    with files.new_folder(target) as folder:
        write(weights_of(trained.model), dataset, folder)
        tokens = _sample_tokens(dataset, trained.model.n_ctx)
        difference = np.abs(read(folder, dataset, tokens) - _logits(trained.model, tokens)).max()
        names = sorted(path.name for path in folder.iterdir())
    return Exported(target, trained.step, names, float(difference))


def _sample_tokens(dataset: Dataset, n_ctx: int) -> Integers:
    """(example, position) tokens of the first examples of each split, cut to one length."""
    rows = [split.tokens[:COMPARED] for split in dataset.splits.values() if len(split)]
    shortest = min(min(row.shape[1] for row in rows) - 1, n_ctx)
    return np.concatenate([row[:, :shortest] for row in rows])


@torch.inference_mode()
def _logits(model: Transformer, tokens: Integers) -> Logits:
    on_device = torch.from_numpy(tokens).to(model.token.weight.device)
    return np.asarray(model(on_device).double().cpu().numpy(), np.float64)


def _folder_format(write: WriteFolder, compute: ComputeLogits) -> tuple[Write, Read]:
    """A format whose folder has the weights in `model.safetensors` and settings in `config.json`."""

    def write_files(model: ModelWeights, dataset: Dataset, folder: Path) -> None:
        write(model, dataset.vocabulary, folder)

    def read_logits(folder: Path, dataset: Dataset, tokens: Integers) -> Logits:
        config = json.loads((folder / "config.json").read_text())
        return compute(load_file(folder / "model.safetensors"), config, tokens)

    return write_files, read_logits


def _write_llmc(model: ModelWeights, dataset: Dataset, folder: Path) -> None:
    write_model_bin(model, folder / "model.bin")
    list(write_llmc(dataset, folder))


def _read_llmc(folder: Path, dataset: Dataset, tokens: Integers) -> Logits:
    model = read_model_bin(folder / "model.bin")
    return gpt2_logits(gpt2_tensors(model), gpt2_config(model, dataset.vocabulary), tokens)


FORMATS: dict[str, tuple[Write, Read]] = {
    "gpt2": _folder_format(write_gpt2, gpt2_logits),
    "transformer-lens": _folder_format(write_transformer_lens, transformer_lens_logits),
    "llm.c": (_write_llmc, _read_llmc),
}
"""name -> (function that writes the files, function that computes logits from the files)"""
