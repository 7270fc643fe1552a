"""Initial weights from a run, a GPT-2 folder or a `model.bin`."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from memlab.errors import RunError
from memlab.formats.gpt2 import read_gpt2
from memlab.formats.llmc_model import read_model_bin
from memlab.formats.model_weights import Array, ModelWeights, adapt_arrays
from memlab.preset.facts import Facts
from memlab.preset.run_preset import preset_of
from memlab.record.folder import RunFolder
from memlab.record.runs import find
from memlab.training.checkpoint import (
    checkpoint_files,
    load_weights,
    weights_sha256,
    weights_to_bytes,
)
from memlab.training.export_weights import weights_of
from memlab.training.run_data import RunData
from memlab.training.state import fresh_state
from memlab.training.trained_model import load_model


@dataclass(frozen=True)
class InitialWeights:
    """Weights that fit a preset, and their source."""

    arrays: Mapping[str, Array]
    """memlab's parameter name to values"""
    origin: dict[str, Any]
    """`run.json`'s key `init`: path, format, step (of a run), sha256 of the weights"""


def read_initial_weights(ref: str, runs: Path, facts: Facts) -> InitialWeights:
    """Weights for a model of a preset.

    Args:
        ref: the path of a `model.bin` or of a folder of transformers' GPT-2, or a run, as
            RUN, RUN@best or RUN@STEP.
        runs: the folder of runs.
        facts: of the preset.

    Raises:
        RunError: it does not exist, is damaged, or its model has another shape.
    """
    weights, origin = _read(ref, runs)
    preset = facts.preset
    arrays = adapt_arrays(weights, preset.model, len(facts.dataset.vocabulary), facts.n_ctx)
    tensors = {name: torch.from_numpy(array) for name, array in arrays.items()}
    return InitialWeights(arrays, origin | {"sha256": weights_sha256(tensors)})


def commit_initial_weights(folder: RunFolder, weights: InitialWeights) -> None:
    """Store the weights as checkpoint 0 of a run that has not started; it is never pruned.

    Raises:
        RunError: a parameter has another shape.
    """
    state = fresh_state(RunData(preset_of(folder), torch.device("cpu")))
    tensors = {name: torch.from_numpy(array) for name, array in weights.arrays.items()}
    load_weights(state.model, weights_to_bytes(tensors))
    folder.checkpoints.commit(0, checkpoint_files(state, 0, []))


def _read(ref: str, runs: Path) -> tuple[ModelWeights, dict[str, Any]]:
    path = Path(ref)
    if path.is_file():
        return read_model_bin(path), {"path": ref, "format": "llm.c"}
    if (path / "config.json").is_file():
        return read_gpt2(path), {"path": ref, "format": "gpt2"}
    name, _, at = ref.partition("@")
    try:
        folder = find(runs, name)
    except RunError as error:
        error.hint = "--init takes a run (RUN, RUN@best, RUN@STEP), a GPT-2 folder or a model.bin"
        raise
    trained = load_model(folder, at or "last", "cpu")
    origin = {"path": folder.path.name, "format": "memlab", "step": trained.step}
    return weights_of(trained.model), origin
