"""Logits of exported weights, computed by numpy alone from the exported files, in float64.

They are compared with the logits of memlab's model: a transposed, missing or misnamed tensor shows
as a large difference.
"""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

Tensors = Mapping[str, NDArray[Any]]
Floats = NDArray[np.float64]
Integers = NDArray[np.int64]


def gpt2_logits(tensors: Tensors, config: Mapping[str, Any], tokens: Integers) -> Floats:
    """(example, position, vocabulary) logits of tokens (example, position); tensors as in GPT-2."""
    t = {name: np.asarray(x, np.float64) for name, x in tensors.items()}

    def dense(name: str, x: Floats) -> Floats:
        return x @ t[f"{name}.weight"] + t[f"{name}.bias"]

    def norm(name: str, x: Floats) -> Floats:
        scale, shift = t[f"{name}.weight"], t[f"{name}.bias"]
        return _normalized(x, config["layer_norm_epsilon"]) * scale + shift

    n, length = tokens.shape
    x = t["transformer.wte.weight"][tokens] + t["transformer.wpe.weight"][:length]
    act = _activation(config["activation_function"])
    for i in range(config["n_layer"]):
        h = f"transformer.h.{i}"
        qkv = dense(f"{h}.attn.c_attn", norm(f"{h}.ln_1", x))
        # (q k v, example, head, position, d_head)
        q, k, v = qkv.reshape(n, length, 3, config["n_head"], -1).transpose(2, 0, 3, 1, 4)
        mixed = _attention_weights(q, k) @ v
        x = x + dense(f"{h}.attn.c_proj", mixed.transpose(0, 2, 1, 3).reshape(n, length, -1))
        x = x + dense(f"{h}.mlp.c_proj", act(dense(f"{h}.mlp.c_fc", norm(f"{h}.ln_2", x))))
    head = t.get("lm_head.weight", t["transformer.wte.weight"])
    return norm("transformer.ln_f", x) @ head.T


def transformer_lens_logits(
    tensors: Tensors, config: Mapping[str, Any], tokens: Integers
) -> Floats:
    """(example, position, vocabulary) logits; tensors as in TransformerLens, split by head."""
    t = {name: np.asarray(x, np.float64) for name, x in tensors.items()}

    def norm(name: str, x: Floats) -> Floats:
        if config["normalization_type"] is None:
            return x
        return _normalized(x, config["eps"]) * t[f"{name}.w"] + t[f"{name}.b"]

    x = t["embed.W_E"][tokens] + t["pos_embed.W_pos"][: tokens.shape[1]]
    act = _activation(config["act_fn"])
    for i in range(config["n_layers"]):
        attn, mlp = f"blocks.{i}.attn", f"blocks.{i}.mlp"
        y = norm(f"blocks.{i}.ln1", x)
        q, k, v = (
            np.einsum("npd,hde->nhpe", y, t[f"{attn}.W_{c}"]) + t[f"{attn}.b_{c}"][:, None]
            for c in "QKV"
        )
        mixed = _attention_weights(q, k) @ v
        x = x + np.einsum("nhpe,hed->npd", mixed, t[f"{attn}.W_O"]) + t[f"{attn}.b_O"]
        hidden = act(norm(f"blocks.{i}.ln2", x) @ t[f"{mlp}.W_in"] + t[f"{mlp}.b_in"])
        x = x + hidden @ t[f"{mlp}.W_out"] + t[f"{mlp}.b_out"]
    return norm("ln_final", x) @ t["unembed.W_U"] + t["unembed.b_U"]


def _normalized(x: Floats, epsilon: float) -> Floats:
    centred = x - x.mean(-1, keepdims=True)
    normalized: Floats = centred / np.sqrt((centred**2).mean(-1, keepdims=True) + epsilon)
    return normalized


def _attention_weights(q: Floats, k: Floats) -> Floats:
    """(..., position, d_head) twice -> causal attention weights (..., query, key)."""
    scores = q @ k.swapaxes(-1, -2) / np.sqrt(q.shape[-1])
    scores = np.where(np.tri(*scores.shape[-2:]) > 0, scores, -np.inf)
    weights: Floats = np.exp(scores - scores.max(-1, keepdims=True))
    weights /= weights.sum(-1, keepdims=True)
    return weights


def _activation(name: str) -> Callable[[Floats], Floats]:
    def gelu_new(x: Floats) -> Floats:
        inner = np.sqrt(2 / np.pi) * (x + 0.044715 * x**3)
        return np.asarray(0.5 * x * (1 + np.tanh(inner)))

    def relu(x: Floats) -> Floats:
        return np.maximum(x, 0)

    return {"gelu_new": gelu_new, "relu": relu}[name]
