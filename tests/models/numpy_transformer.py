"""An independent implementation of the transformer in NumPy, with simple loops."""

import math

import numpy as np

from memlab.preset.schema import Model


def norm(x, kind, weight, bias):
    if kind == "none":
        return x
    if kind == "layernorm":
        x = x - x.mean()
        x = x / math.sqrt((x**2).mean() + 1e-5)
    else:
        x = x / math.sqrt((x**2).mean() + 1e-5)
    return x * weight + (0 if bias is None else bias)


def rotate(vector, position):
    """Pairs (i, i + half) as complex numbers, rotated by position * 10000^(-2i / size)."""
    half = len(vector) // 2
    out = np.empty_like(vector)
    for i in range(half):
        rotated = complex(vector[i], vector[i + half]) * np.exp(
            1j * position * 10_000.0 ** (-2 * i / len(vector))
        )
        out[i], out[i + half] = rotated.real, rotated.imag
    return out


def activate(value, kind):
    if kind == "relu":
        return max(value, 0.0)
    return 0.5 * value * (1 + math.tanh(math.sqrt(2 / math.pi) * (value + 0.044715 * value**3)))


def mlp(x, w, prefix, kind):
    def linear(name, z):
        return w[f"{prefix}.{name}.weight"] @ z + w.get(f"{prefix}.{name}.bias", 0)

    hidden = linear("up", x)
    if kind == "swiglu":
        gate = linear("gate", x)
        hidden = gate / (1 + np.exp(-gate)) * hidden
    else:
        hidden = np.array([activate(value, kind) for value in hidden])
    return linear("down", hidden)


def attention(rows, w, prefix, settings):
    d_model, n_heads = settings.d_model, settings.n_heads
    size = d_model // n_heads
    bias = w.get(f"{prefix}.qkv.bias", np.zeros(3 * d_model))
    qkv = [w[f"{prefix}.qkv.weight"] @ row + bias for row in rows]
    result = []
    for t in range(len(rows)):
        mixed = np.zeros(d_model)
        for head in range(n_heads):

            def part(which, s, h=head):
                return qkv[s][which * d_model + h * size :][:size]

            rotation = rotate if settings.positions == "rotary" else lambda z, _: z
            q = rotation(part(0, t), t)
            scores = np.array([q @ rotation(part(1, s), s) / math.sqrt(size) for s in range(t + 1)])
            p = np.exp(scores - scores.max())
            p /= p.sum()
            for s in range(t + 1):
                mixed[head * size :][:size] += p[s] * part(2, s)
        result.append(w[f"{prefix}.out.weight"] @ mixed + w.get(f"{prefix}.out.bias", 0))
    return result


def logits(settings: Model, w: dict[str, np.ndarray], tokens: list[int]) -> np.ndarray:
    """(position, d_vocab) for one example; `w`: name to parameter."""
    rows = [w["token.weight"][token] for token in tokens]
    if settings.positions == "learned":
        rows = [row + w["position.weight"][t] for t, row in enumerate(rows)]

    def normed(name, row):
        return norm(row, settings.norm, w.get(f"{name}.weight"), w.get(f"{name}.bias"))

    for i in range(settings.n_layers):
        block = f"blocks.{i}"
        inputs = [normed(f"{block}.norm_1", row) for row in rows]
        rows = [
            a + b
            for a, b in zip(rows, attention(inputs, w, f"{block}.attention", settings), strict=True)
        ]
        rows = [
            row + mlp(normed(f"{block}.norm_2", row), w, f"{block}.mlp", settings.activation)
            for row in rows
        ]
    head = w["token.weight"] if settings.tie_embeddings else w["head.weight"]
    return np.array([head @ normed("norm", row) for row in rows])
