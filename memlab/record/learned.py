"""When the training examples were learned, as the newest checkpoint has it."""

from typing import Any

import numpy as np
import safetensors.numpy
from numpy.typing import NDArray

from memlab.record.folder import RunFolder

FILE = "examples.safetensors"
BARS = 12
"""of the histogram, at most"""


def learned(folder: RunFolder) -> dict[str, Any] | None:
    """How many examples were learned when: None where a run does not follow its examples.

    `median`: step by which half of those that were learned had been right at some evaluation;
    `never`: examples that never were; `forgotten`: examples that were wrong again later.
    """
    stored = folder.checkpoints.newest(FILE)
    if stored is None:
        return None
    examples = safetensors.numpy.load(stored)
    first = examples["first"]
    known = first[first >= 0]
    return {
        "examples": len(first),
        "median": float(np.median(known)) if len(known) else None,
        "never": int((first < 0).sum()),
        "forgotten": int((examples["forgotten"] > 0).sum()),
        "histogram": _histogram(known),
    }


def _histogram(first: NDArray[np.int64]) -> list[dict[str, int]]:
    """Counts of examples first right after step `after`, up to step `to`."""
    edges = np.unique(first)
    if len(edges) > BARS:
        edges = edges[np.linspace(0, len(edges) - 1, BARS).round().astype(np.int64)]
    counts = np.bincount(np.searchsorted(edges, first), minlength=len(edges))
    before = np.concatenate([[0], edges])[: len(edges)]
    return [
        {"after": after, "to": to, "examples": count}
        for after, to, count in np.stack([before, edges, counts], axis=1).tolist()
    ]
