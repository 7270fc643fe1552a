"""Weights as a state dict of TransformerLens's `HookedTransformer`, up to version 3.

    config.json         arguments of HookedTransformerConfig
    model.safetensors   the state dict without folding; load it with
                        `load_state_dict(..., strict=False)`, since buffers (masks) are omitted

Version 4 reads it through `convert_tl_checkpoint`, or opens the `gpt2` folder.
Queries, keys and values are split by head, (head, d_model, d_head); every matrix is (in, out).
"""

from pathlib import Path
from typing import Any

import numpy as np

from memlab.formats.model_weights import ACTIVATIONS, EPSILON, Array, ModelWeights, require
from memlab.formats.weight_folder import write_weight_folder
from memlab.tasks.task import Vocabulary

NORMS = {"layernorm": "LN", "none": None}


def write_transformer_lens(model: ModelWeights, vocabulary: Vocabulary, folder: Path) -> None:
    """Write the files, and the vocabulary as `vocabulary.json`, into `folder`.

    Raises:
        PresetError: TransformerLens cannot represent one of the settings.
    """
    documents = {
        "config.json": transformer_lens_config(model),
        "vocabulary.json": list(vocabulary.symbols),
    }
    write_weight_folder(folder, transformer_lens_tensors(model), documents)


def transformer_lens_config(model: ModelWeights) -> dict[str, Any]:
    """Arguments of `HookedTransformerConfig`.

    Raises:
        PresetError: TransformerLens cannot represent one of the settings.
    """
    settings = model.settings
    require(
        model,
        "transformer-lens",
        {
            "norm": list(NORMS),
            "positions": ["learned", "none"],
            "activation": list(ACTIVATIONS),
        },
    )
    return {
        "n_layers": settings.n_layers,
        "d_model": settings.d_model,
        "n_ctx": model.n_ctx,
        "d_head": settings.d_model // settings.n_heads,
        "n_heads": settings.n_heads,
        "d_mlp": model.d_mlp,
        "d_vocab": model.d_vocab,
        "act_fn": ACTIVATIONS[settings.activation],
        "normalization_type": NORMS[settings.norm],
        "eps": EPSILON,
        "positional_embedding_type": "standard",
        "attention_dir": "causal",
        "init_weights": False,
        "default_prepend_bos": False,
        "seed": 0,
    }


def transformer_lens_tensors(model: ModelWeights) -> dict[str, Array]:
    """The state dict without buffers."""
    arrays, size = model.arrays, model.settings.d_model
    head = arrays["token.weight"] if model.settings.tie_embeddings else arrays["head.weight"]
    tensors = {
        "embed.W_E": arrays["token.weight"],
        "pos_embed.W_pos": model.positions(),
        "unembed.W_U": head.T,
        "unembed.b_U": np.zeros(model.d_vocab, np.float32),
    }
    norms = {"ln_final": "norm"}
    for i in range(model.settings.n_layers):
        norms |= {f"blocks.{i}.ln1": f"blocks.{i}.norm_1", f"blocks.{i}.ln2": f"blocks.{i}.norm_2"}
        tensors |= _attention(model, i)
        for theirs, own in (("in", "up"), ("out", "down")):
            matrix = arrays[f"blocks.{i}.mlp.{own}.weight"]
            tensors[f"blocks.{i}.mlp.W_{theirs}"] = matrix.T
            tensors[f"blocks.{i}.mlp.b_{theirs}"] = model.bias(
                f"blocks.{i}.mlp.{own}.bias", len(matrix)
            )
    if model.settings.norm == "layernorm":
        for theirs, own in norms.items():
            tensors[f"{theirs}.w"] = arrays[f"{own}.weight"]
            tensors[f"{theirs}.b"] = model.bias(f"{own}.bias", size)
    return tensors


def _attention(model: ModelWeights, i: int) -> dict[str, Array]:
    settings, own, theirs = model.settings, f"blocks.{i}.attention", f"blocks.{i}.attn"
    size, heads = settings.d_model, settings.n_heads
    d_head = size // heads
    # (3 * d_model, d_model) -> (q k v, head, d_head, d_model)
    qkv = model.arrays[f"{own}.qkv.weight"].reshape(3, heads, d_head, size)
    qkv_bias = model.bias(f"{own}.qkv.bias", 3 * size).reshape(3, heads, d_head)
    tensors = {}
    for letter, weight, bias in zip("QKV", qkv, qkv_bias, strict=True):
        tensors[f"{theirs}.W_{letter}"] = weight.transpose(0, 2, 1)
        tensors[f"{theirs}.b_{letter}"] = bias
    out = model.arrays[f"{own}.out.weight"].reshape(size, heads, d_head)
    tensors[f"{theirs}.W_O"] = out.transpose(1, 2, 0)  # (head, d_head, d_model)
    tensors[f"{theirs}.b_O"] = model.bias(f"{own}.out.bias", size)
    return tensors
