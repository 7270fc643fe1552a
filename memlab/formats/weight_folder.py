"""Writes weights as a folder with `model.safetensors` and JSON files."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from safetensors.numpy import save

from memlab.formats.model_weights import Array
from memlab.record import files


def write_weight_folder(
    folder: Path, tensors: Mapping[str, Array], documents: Mapping[str, Any]
) -> None:
    """Write `model.safetensors` and the JSON documents, by file name."""
    contiguous = {name: np.ascontiguousarray(tensor) for name, tensor in tensors.items()}
    contents = {"model.safetensors": save(contiguous, {"format": "pt"})}
    for name, document in documents.items():
        text = json.dumps(document, indent=2, ensure_ascii=False) + "\n"
        contents[name] = text.encode()
    for name, data in contents.items():
        files.write_new(folder / name, data)
