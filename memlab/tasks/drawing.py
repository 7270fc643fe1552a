"""Draws problems until every split has enough, without overlap between splits."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from memlab.errors import DataError
from memlab.tasks.problems import DRAW, Block, Domain, Problems
from memlab.tasks.sequences import VOID, joined

Rows = NDArray[np.int64]
ROUNDS = 4
"""maximum number of attempts; each draws four times as many problems as the previous one"""


@dataclass(frozen=True)
class DrawnProblems:
    """Token sequences of one task."""

    tokens: Block
    """(example, position) prompt, answer and <eos>, VOID on the right"""
    n_prompt: NDArray[np.int64]
    """(example,) number of tokens of the prompt"""

    def take(self, rows: Rows) -> "DrawnProblems":
        """The sequences at `rows`, in that order."""
        return DrawnProblems(self.tokens[rows], self.n_prompt[rows])


def draw(
    task: str,
    domain: Domain,
    sizes: Mapping[str, int],
    rows: Callable[[Problems], Mapping[str, Rows]],
    rng: Callable[[], np.random.Generator],
) -> dict[str, DrawnProblems]:
    """Draw problems for each split.

    Args:
        task: a key of `DRAW`.
        domain: the distribution of problems.
        sizes: split to number of problems.
        rows: from problems to split to (row,) problems that the split may use; the first are taken.
        rng: returns a new generator with the same seed at each call.

    Raises:
        DataError: the task has too few different problems.
    """
    for attempt in range(ROUNDS):
        n = 4**attempt * (64 + 3 * sum(sizes.values()) // 2)
        problems = DRAW[task](domain, rng(), n)
        available = rows(problems)
        lacking = [split for split in sizes if len(available[split]) < sizes[split]]
        if not lacking:
            return {s: _finished(domain, problems, available[s][: sizes[s]]) for s in sizes}
    raise DataError(
        f"[{task}] has too few different problems",
        found=f"{len(available[lacking[0]])} for the split {lacking[0]}",
        allowed=f"at least {sizes[lacking[0]]}",
        hint="ask for fewer examples, or for longer problems",
    )


def _finished(domain: Domain, problems: Problems, rows: Rows) -> DrawnProblems:
    prompt, answer = problems.prompt[rows], problems.answer[rows]
    end = np.full((len(rows), 1), domain.vocabulary.eos)
    return DrawnProblems(joined(prompt, answer, end), (prompt != VOID).sum(axis=1))


def in_distribution(
    problems: Problems,
    held_out: NDArray[np.int64],
    kept: Mapping[str, int],
    rng: np.random.Generator,
    *,
    repeats: bool,
) -> dict[str, Rows]:
    """Split to (row,) problems, for `train`, the splits in `kept`, and `ood-combinations`.

    Args:
        problems: the problems drawn from the distribution of training.
        held_out: pairs, by `pair_code`, that occur only in `ood-combinations`.
        kept: sizes of the splits without overlap with training.
        rng: chooses the problems of these splits.
        repeats: whether `train` may contain a problem more than once.
    """
    has_held_out = combines(problems, held_out)  # (problem,)
    usual = np.flatnonzero(~has_held_out)
    first, kind = distinct(problems.key[usual])  # (distinct,), (usual,)
    order = rng.permutation(len(first))
    cuts = np.cumsum(list(kept.values()))
    chosen = dict(zip(kept, np.split(order, cuts), strict=False))
    train = usual[~np.isin(kind, order[: cuts[-1]])]
    if not repeats:
        train = train[distinct(problems.prompt[train])[0]]
    combinations = np.flatnonzero(has_held_out)
    return {
        "train": train,
        **{split: usual[first[kinds]] for split, kinds in chosen.items()},
        "ood-combinations": combinations[distinct(problems.prompt[combinations])[0]],
    }


def combines(problems: Problems, pairs: NDArray[np.int64]) -> NDArray[np.bool_]:
    """(problem,) bool: contains one of these pairs."""
    return np.asarray(np.isin(problems.pairs, pairs).any(axis=1))


def distinct(block: Block) -> tuple[Rows, Rows]:
    """Index of the first of each set of equal rows, ascending; and (row,) the number of its set.

    Sets are numbered in the order of their first rows.
    """
    # Rows are compared as byte strings, one byte per token; the vocabulary is far smaller than 255.
    text = np.ascontiguousarray((block + 1).astype(np.uint8)).view(f"S{block.shape[1]}").ravel()
    _, first, kind = np.unique(text, return_index=True, return_inverse=True)
    order = np.argsort(first)
    return first[order], np.argsort(order)[kind]
