"""When the training examples were learned, as the newest checkpoint has it."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import safetensors.numpy
from numpy.typing import NDArray

from memlab.record.folder import RunFolder

FILE = "examples.safetensors"
BARS = 12
"""of the histogram, at most"""


MAX_EXAMPLES = 20_000
"""larger training sets are not followed example by example"""


@dataclass(frozen=True, eq=False)
class ExampleHistory:
    """The training examples, in the order of the training set."""

    step: int
    """of the checkpoint that tells it"""
    first: NDArray[np.int64]
    """(example,) step of the first evaluation that found it right; -1 = none yet"""
    forgotten: NDArray[np.int64]
    """(example,) evaluations that found it wrong after one that found it right"""


def newest_example_history(folder: RunFolder) -> ExampleHistory | None:
    """The history in the newest checkpoint; None if the run does not track its examples."""
    stored = folder.checkpoints.newest(FILE)
    if stored is None:
        return None
    examples = safetensors.numpy.load(stored[1])
    return ExampleHistory(stored[0], examples["first"], examples["forgotten"])


def learned(folder: RunFolder) -> dict[str, Any] | None:
    """Number of examples learned over time; None if the run does not track its examples.

    `median`: step by which half of those that were learned had been right at some evaluation;
    `never`: examples that never were; `forgotten`: examples that were wrong again later.
    """
    examples = newest_example_history(folder)
    if examples is None:
        return None
    first = examples.first
    known = first[first >= 0]
    return {
        "examples": len(first),
        "median": float(np.median(known)) if len(known) else None,
        "never": int((first < 0).sum()),
        "forgotten": int((examples.forgotten > 0).sum()),
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
