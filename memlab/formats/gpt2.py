"""Weights as a GPT-2 folder of Hugging Face transformers.

    config.json               GPT2Config
    model.safetensors         GPT2LMHeadModel's tensors; the head only if it is not tied
    tokenizer.json, tokenizer_config.json    a word-level tokenizer of the task's vocabulary

transformers' `Conv1D` stores matrices as (in, out): the four matrices of a block are transposed,
all other tensors are stored as they are. Missing biases and positions become zeros, which is exact.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from safetensors.numpy import load

from memlab.errors import RunError
from memlab.formats.model_weights import ACTIVATIONS, EPSILON, Array, ModelWeights, require
from memlab.formats.weight_folder import write_weight_folder
from memlab.formats.word_level import tokenizer, tokenizer_config
from memlab.preset.schema import Model
from memlab.record import files
from memlab.tasks.task import Vocabulary

MATRICES = {
    "attention.qkv": "attn.c_attn",
    "attention.out": "attn.c_proj",
    "mlp.up": "mlp.c_fc",
    "mlp.down": "mlp.c_proj",
}
NORMS = {"norm_1": "ln_1", "norm_2": "ln_2"}
LIMIT = 64 << 30


def write_gpt2(model: ModelWeights, vocabulary: Vocabulary, folder: Path) -> None:
    """Write the files into `folder`.

    Raises:
        PresetError: GPT-2 cannot represent one of the settings.
    """
    documents = {
        "config.json": gpt2_config(model, vocabulary),
        "tokenizer.json": tokenizer(vocabulary),
        "tokenizer_config.json": tokenizer_config(vocabulary, model.n_ctx),
    }
    write_weight_folder(folder, gpt2_tensors(model), documents)


def gpt2_config(model: ModelWeights, vocabulary: Vocabulary) -> dict[str, Any]:
    """The fields of transformers' `GPT2Config`.

    Raises:
        PresetError: GPT-2 cannot represent one of the settings.
    """
    settings = model.settings
    require(
        model,
        "gpt2",
        {
            "norm": ["layernorm"],
            "positions": ["learned", "none"],
            "activation": list(ACTIVATIONS),
        },
    )
    return {
        "model_type": "gpt2",
        "architectures": ["GPT2LMHeadModel"],
        "vocab_size": model.d_vocab,
        "n_positions": model.n_ctx,
        "n_embd": settings.d_model,
        "n_layer": settings.n_layers,
        "n_head": settings.n_heads,
        "n_inner": model.d_mlp,
        "activation_function": ACTIVATIONS[settings.activation],
        "layer_norm_epsilon": EPSILON,
        "attn_pdrop": 0.0,
        "embd_pdrop": 0.0,
        "resid_pdrop": 0.0,
        "tie_word_embeddings": settings.tie_embeddings,
        "bos_token_id": vocabulary.bos,
        "eos_token_id": vocabulary.eos,
        "pad_token_id": vocabulary.pad,
        "torch_dtype": "float32",
    }


def gpt2_tensors(model: ModelWeights) -> dict[str, Array]:
    """Tensors by their names in `GPT2LMHeadModel`."""
    arrays, size = model.arrays, model.settings.d_model
    tensors = {
        "transformer.wte.weight": arrays["token.weight"],
        "transformer.wpe.weight": model.positions(),
        "transformer.ln_f.weight": arrays["norm.weight"],
        "transformer.ln_f.bias": model.bias("norm.bias", size),
    }
    for i in range(model.settings.n_layers):
        own, theirs = f"blocks.{i}", f"transformer.h.{i}"
        for name, other in NORMS.items():
            tensors[f"{theirs}.{other}.weight"] = arrays[f"{own}.{name}.weight"]
            tensors[f"{theirs}.{other}.bias"] = model.bias(f"{own}.{name}.bias", size)
        for name, other in MATRICES.items():
            matrix = arrays[f"{own}.{name}.weight"]
            tensors[f"{theirs}.{other}.weight"] = matrix.T
            tensors[f"{theirs}.{other}.bias"] = model.bias(f"{own}.{name}.bias", len(matrix))
    if not model.settings.tie_embeddings:
        tensors["lm_head.weight"] = arrays["head.weight"]
    return tensors


def read_gpt2(folder: Path) -> ModelWeights:
    """The weights in a GPT-2 folder of transformers.

    Raises:
        RunError: a file is missing or damaged, or memlab's model cannot compute the same function.
    """
    config = _json(folder / "config.json")
    settings = _settings(config, folder)
    data = files.read(folder / "model.safetensors", LIMIT)
    if data is None:
        raise RunError("model.safetensors is missing", where=str(folder))
    try:
        stored = load(data)
        tensors = {name.removeprefix("transformer."): t for name, t in stored.items()}
        return ModelWeights(settings, int(config["n_positions"]), _arrays(tensors, settings))
    except Exception as error:  # safetensors' own error has no public name
        raise RunError(
            "these are not the tensors of a GPT-2", where=str(folder), found=str(error)
        ) from None


def _settings(config: Mapping[str, Any], folder: Path) -> Model:
    expected: dict[str, tuple[Any, ...]] = {
        "model_type": ("gpt2",),
        "activation_function": tuple(ACTIVATIONS.values()),
        "layer_norm_epsilon": (EPSILON,),
        "scale_attn_weights": (True,),
        "scale_attn_by_inverse_layer_idx": (False,),
    }
    defaults = {"activation_function": "gelu_new", "layer_norm_epsilon": EPSILON}
    for key, allowed in expected.items():
        found = config.get(key, defaults.get(key, allowed[0]))
        if found not in allowed:
            raise RunError(
                f"memlab cannot compute this model: {key}",
                where=str(folder / "config.json"),
                found=str(found),
                allowed=" or ".join(map(str, allowed)),
            )
    names = {theirs: own for own, theirs in ACTIVATIONS.items()}
    try:
        return Model(
            n_layers=config["n_layer"],
            n_heads=config["n_head"],
            d_model=config["n_embd"],
            d_mlp=config.get("n_inner"),
            activation=names[config.get("activation_function", "gelu_new")],  # type: ignore[arg-type]
            tie_embeddings=config.get("tie_word_embeddings", True),
        )
    except (KeyError, ValueError) as error:
        raise RunError(
            "config.json does not describe a GPT-2", where=str(folder), found=str(error)[:200]
        ) from None


def _arrays(tensors: Mapping[str, Array], settings: Model) -> dict[str, Array]:
    """Arrays by memlab's names, without the attention masks of older files."""
    arrays = {"token.weight": tensors["wte.weight"], "position.weight": tensors["wpe.weight"]}
    for part in ("weight", "bias"):
        arrays[f"norm.{part}"] = tensors[f"ln_f.{part}"]
        for i in range(settings.n_layers):
            for name, other in NORMS.items():
                arrays[f"blocks.{i}.{name}.{part}"] = tensors[f"h.{i}.{other}.{part}"]
            for name, other in MATRICES.items():
                arrays[f"blocks.{i}.{name}.{part}"] = tensors[f"h.{i}.{other}.{part}"].T
    if not settings.tie_embeddings:
        arrays["head.weight"] = tensors["lm_head.weight"]
    return {name: np.ascontiguousarray(array, np.float32) for name, array in arrays.items()}


def _json(path: Path) -> dict[str, Any]:
    data = files.read(path)
    try:
        document = json.loads(data or b"")
    except ValueError:
        document = None
    if not isinstance(document, dict):
        raise RunError("config.json is missing or damaged", where=str(path))
    return document
