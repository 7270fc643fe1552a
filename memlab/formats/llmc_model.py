"""Weights as `model.bin` of llm.c, version 3 (float32).

256 little-endian int32 (magic, version, positions, vocabulary, layers, heads, channels, padded
vocabulary, zeros), then the tensors of `TENSORS` without gaps, each stacked over layers, matrices
as (out, in). The head is tied; the rows that pad the vocabulary are zeros.
Layout: llm.c `train_gpt2.py`, `write_model`.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from memlab.errors import RunError
from memlab.formats.model_weights import Array, ModelWeights, require
from memlab.preset.schema import Model
from memlab.record import files

MAGIC, VERSION, HEADER = 20240326, 3, 256
PADDED_TO = 128
"""the vocabulary is padded to a multiple of this"""
LIMIT = 64 << 30
PER_LAYER = (
    "norm_1.weight", "norm_1.bias", "attention.qkv.weight", "attention.qkv.bias",
    "attention.out.weight", "attention.out.bias", "norm_2.weight", "norm_2.bias",
    "mlp.up.weight", "mlp.up.bias", "mlp.down.weight", "mlp.down.bias",
)  # fmt: skip
TENSORS = ("token.weight", "position.weight", *PER_LAYER, "norm.weight", "norm.bias")


def write_model_bin(model: ModelWeights, path: Path) -> None:
    """Write `model.bin`.

    Raises:
        PresetError: llm.c cannot represent one of the settings.
    """
    files.write_new(path, model_bin(model))


def model_bin(model: ModelWeights) -> bytes:
    """The bytes of `model.bin`.

    Raises:
        PresetError: llm.c cannot represent one of the settings.
    """
    settings = model.settings
    require(
        model,
        "llm.c",
        {
            "norm": ["layernorm"],
            "positions": ["learned", "none"],
            "activation": ["gelu"],
            "tie_embeddings": [True],
            "d_mlp": [None, 4 * settings.d_model],
        },
    )
    padded = -(-model.d_vocab // PADDED_TO) * PADDED_TO
    header = np.zeros(HEADER, "<i4")
    header[:8] = (
        MAGIC, VERSION, model.n_ctx, model.d_vocab,
        settings.n_layers, settings.n_heads, settings.d_model, padded,
    )  # fmt: skip
    arrays = [array.astype("<f4").tobytes() for array in _in_order(model, padded)]
    return b"".join([header.tobytes(), *arrays])


def _in_order(model: ModelWeights, padded: int) -> Iterator[Array]:
    shapes = _shapes(model.settings, model.n_ctx, padded)
    for name in TENSORS:
        if name == "token.weight":
            missing = padded - model.d_vocab
            yield np.pad(model.arrays[name], ((0, missing), (0, 0)))
        elif name in PER_LAYER:
            zeros = np.zeros(shapes[name][1:], np.float32)
            for i in range(model.settings.n_layers):
                yield model.arrays.get(f"blocks.{i}.{name}", zeros)
        else:
            yield model.arrays.get(name, np.zeros(shapes[name], np.float32))


def read_model_bin(path: Path) -> ModelWeights:
    """The weights in a `model.bin`, without the padding of the vocabulary.

    Raises:
        RunError: it is not a `model.bin`, or has another version or size.
    """
    data = files.read(path, LIMIT)
    if data is None:
        raise RunError("this file cannot be read", where=str(path))
    header = np.frombuffer(data[: 4 * HEADER], "<i4") if len(data) >= 4 * HEADER else np.zeros(8)
    magic, version, n_ctx, d_vocab, n_layers, n_heads, d_model, padded = map(int, header[:8])
    if magic != MAGIC or version != VERSION:
        raise RunError(
            "this is not a model.bin of float32 weights",
            where=str(path),
            found=f"magic {magic}, version {version}",
            allowed=f"magic {MAGIC}, version {VERSION}",
        )
    try:
        settings = Model(n_layers=n_layers, n_heads=n_heads, d_model=d_model)
    except ValueError as error:
        raise RunError(
            "the header does not describe a model", where=str(path), found=str(error)[:200]
        ) from None
    shapes = _shapes(settings, n_ctx, padded)
    expected = 4 * (HEADER + sum(int(np.prod(shape)) for shape in shapes.values()))
    if len(data) != expected or not 0 < d_vocab <= padded:
        raise RunError(
            "the size of this file does not match its header",
            where=str(path),
            found=f"{len(data):,} bytes",
            allowed=f"{expected:,} bytes",
        )
    arrays: dict[str, NDArray[Any]] = {}
    offset = 4 * HEADER
    for name, shape in shapes.items():
        array = np.frombuffer(data, "<f4", int(np.prod(shape)), offset).reshape(shape)
        offset += array.nbytes
        if name in PER_LAYER:
            arrays |= {f"blocks.{i}.{name}": array[i] for i in range(n_layers)}
        else:
            arrays[name] = array[:d_vocab] if name == "token.weight" else array
    return ModelWeights(settings, n_ctx, {k: v.astype(np.float32) for k, v in arrays.items()})


def _shapes(settings: Model, n_ctx: int, padded: int) -> dict[str, tuple[int, ...]]:
    """Shape of each tensor in the order of the file; per-layer tensors have a first axis of layers."""
    layers, size = settings.n_layers, settings.d_model
    sizes = {"attention.qkv": (3 * size, size), "attention.out": (size, size)}
    sizes |= {"mlp.up": (4 * size, size), "mlp.down": (size, 4 * size)}
    shapes: dict[str, tuple[int, ...]] = {
        "token.weight": (padded, size),
        "position.weight": (n_ctx, size),
    }
    for name in PER_LAYER:
        module, part = name.rsplit(".", 1)
        out_in = sizes.get(module, (size,))
        shapes[name] = (layers, *(out_in if part == "weight" else out_in[:1]))
    return shapes | {"norm.weight": (size,), "norm.bias": (size,)}
