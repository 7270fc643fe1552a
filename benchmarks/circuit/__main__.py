"""Compares circuit measures of a checkpoint with a computation in numpy from its weights file.

    python -m benchmarks.circuit RUN [STEP]

The run must have the architecture of `nanda-add-113`: one layer, no normalization, ReLU, no biases,
addition, short format. The numpy side uses no models or measures of memlab: it parses the safetensors
file, implements the transformer, and computes every projection as a plain sum.
"""

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from memlab.preset.run_preset import preset_of
from memlab.record.folder import RunFolder
from memlab.training.measure_run import measure_run
from memlab.training.models_at import ModelsAt

Floats = NDArray[np.float64]
MEASURES = ("restricted_loss", "excluded_loss", "embedding_gini", "key_frequencies")


def weights_of(file: Path) -> dict[str, Floats]:
    """Parse a safetensors file: the length of the header, the header in JSON, the data."""
    data = file.read_bytes()
    length = int.from_bytes(data[:8], "little")
    header = json.loads(data[8 : 8 + length])
    return {
        name: np.frombuffer(data[8 + length :][slice(*entry["data_offsets"])], "<f4")
        .reshape(entry["shape"])
        .astype(np.float64)
        for name, entry in header.items()
        if name != "__metadata__"
    }


def table_of_logits(w: dict[str, Floats], p: int, equals: int, n_heads: int) -> Floats:
    """(a, b, c) logits at the equals sign of "a b =", computed for one a at a time."""
    logits = np.empty((p, p, p))
    size = w["token.weight"].shape[1] // n_heads
    for a in range(p):
        tokens = np.stack([np.full(p, a), np.arange(p), np.full(p, equals)], axis=1)
        x = w["token.weight"][tokens] + w["position.weight"][:3]  # (b, position, width)
        q, k, v = np.split(x @ w["blocks.0.attention.qkv.weight"].T, 3, axis=-1)
        mixed = []
        for head in range(n_heads):
            part = slice(head * size, (head + 1) * size)
            # only the query of the equals sign, which attends to all three positions
            scores = (k[:, :, part] * q[:, -1:, part]).sum(-1) / np.sqrt(size)
            share = np.exp(scores - scores.max(-1, keepdims=True))
            share /= share.sum(-1, keepdims=True)
            mixed.append((share[:, :, None] * v[:, :, part]).sum(1))
        row = x[:, -1] + np.concatenate(mixed, -1) @ w["blocks.0.attention.out.weight"].T
        hidden = np.maximum(row @ w["blocks.0.mlp.up.weight"].T, 0)
        row += hidden @ w["blocks.0.mlp.down.weight"].T
        logits[a] = (row @ w["head.weight"].T)[:, :p]
    return logits


def loss(logits: Floats, counted: NDArray[np.bool_]) -> float:
    """Mean cross-entropy of (a + b) mod p over the problems in `counted` (a, b)."""
    p = len(logits)
    total = 0.0
    for a, b in np.argwhere(counted):
        values = logits[a, b] - logits[a, b].max()
        total += np.log(np.exp(values).sum()) - values[(a + b) % p]
    return total / counted.sum()


def independent(logits: Floats, embedding: Floats, train: NDArray[np.bool_]) -> dict[str, object]:
    """The measures, computed from their definitions (Nanda et al. 2023)."""
    p = len(logits)
    a, b, c = np.indices((p, p, p))
    half = range(1, p // 2 + 1)
    power = []
    for k in half:
        wave = np.cos(2 * np.pi * k * (a + b - c) / p)
        power.append((logits * wave).sum() ** 2 / (wave**2).sum())
    keys = tuple(k for k, value in zip(half, power, strict=True) if value >= 0.05 * sum(power))
    part = np.zeros_like(logits)
    for k in keys:
        for wave in (np.cos, np.sin):
            both = wave(2 * np.pi * k * (a[..., 0] + b[..., 0]) / p)
            for z in range(p):
                part[..., z] += both * (both * logits[..., z]).sum() / (both**2).sum()
    rest = logits - part
    norms = []
    for k in half:
        angle = 2 * np.pi * k * np.arange(p) / p
        waves = [wave(angle) for wave in (np.cos, np.sin)]
        norms.append(
            np.sqrt(sum((((w / np.linalg.norm(w)) @ embedding[:p]) ** 2).sum() for w in waves))
        )
    differences = sum(abs(x - y) for x in norms for y in norms)
    return {
        "keys": keys,
        "restricted_loss": loss(part + rest.mean(axis=(0, 1)), np.ones((p, p), bool)),
        "excluded_loss": loss(rest, train),
        "embedding_gini": differences / (2 * len(norms) ** 2 * np.mean(norms)),
        "accuracy": float((logits.argmax(-1) == (a + b)[..., 0] % p).mean()),
    }


def main(path: Path, step: int | None) -> None:
    """Print both values of every measure and their relative difference, as JSON."""
    folder = RunFolder(path)
    step = folder.checkpoints.steps()[-1] if step is None else step
    preset = preset_of(folder)
    dataset = preset.task.dataset(preset.seeds)
    p, equals = preset.task.modulus, dataset.vocabulary.symbols.index("=")
    train = np.zeros((p, p), np.bool_)
    train[tuple(dataset.splits["train"].tokens[:, :2].T)] = True
    weights = weights_of(path / "checkpoints" / f"step-{step:09d}" / "model.safetensors")
    logits = table_of_logits(weights, p, equals, preset.model.n_heads)
    expected = independent(logits, weights["token.weight"], train)
    measured = measure_run(ModelsAt(folder, "cpu"), MEASURES, [step], expected["keys"])
    own = measure_run(ModelsAt(folder, "cpu"), ["key_frequencies"], [step]).keys
    comparison: dict[str, Any] = {
        "preset": preset.name,
        "modulus": p,
        "train_fraction": preset.task.train_fraction,
        "seed": preset.training.seed,
        "step": step,
        "table_accuracy": expected["accuracy"],
        "key_frequencies": {"numpy": expected["keys"], "memlab": own},
    }
    for name in MEASURES[:-1]:
        value = measured.values[step][name]
        difference = abs(value - expected[name]) / abs(expected[name])
        comparison[name] = {
            "numpy": float(expected[name]),
            "memlab": value,
            "relative_difference": float(difference),
        }
    print(json.dumps(comparison, indent=1))


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else None)
