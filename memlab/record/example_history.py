"""When the training examples were learned, according to the newest checkpoint."""

from dataclasses import dataclass
from typing import final

import numpy as np
import safetensors.numpy
from numpy.typing import NDArray

from memlab.record.folder import RunFolder

FILE = "examples.safetensors"
BARS = 12
"""maximum number of histogram bins"""


MAX_EXAMPLES = 20_000
"""larger training sets are not tracked by example"""


@dataclass(frozen=True, eq=False)
class ExampleHistory:
    """The training examples, in the order of the training set."""

    step: int
    """step of the checkpoint"""
    first: NDArray[np.int64]
    """(example,) step of the first evaluation with a right answer; -1 = none yet"""
    forgotten: NDArray[np.int64]
    """(example,) number of evaluations with a wrong answer after a right one"""


def newest_example_history(folder: RunFolder) -> ExampleHistory | None:
    """The history in the newest checkpoint; None if the run does not track its examples."""
    stored = folder.checkpoints.newest(FILE)
    if stored is None:
        return None
    examples = safetensors.numpy.load(stored[1])
    return ExampleHistory(stored[0], examples["first"], examples["forgotten"])


@final
@dataclass(frozen=True)
class LearnedExamples:
    """How many training examples were learned, and when."""

    examples: int
    median: float | None
    """step by which half of the learned ones had been right at some evaluation"""
    never: int
    """examples that were never right"""
    forgotten: int
    """examples that were right and later wrong"""
    histogram: list[dict[str, int]]
    """examples first right after step `after`, up to step `to`"""


def learned(folder: RunFolder) -> LearnedExamples | None:
    """When training examples were learned; None if the run does not track its examples."""
    examples = newest_example_history(folder)
    if examples is None:
        return None
    first = examples.first
    learned_at = first[first >= 0]
    return LearnedExamples(
        examples=len(first),
        median=float(np.median(learned_at)) if len(learned_at) else None,
        never=int((first < 0).sum()),
        forgotten=int((examples.forgotten > 0).sum()),
        histogram=_histogram(learned_at),
    )


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
