"""Draws problems until every split has enough of them, without overlap between splits."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from memlab.errors import DataError
from memlab.tasks.problems import DRAW, Block, Domain, Problems
from memlab.tasks.sequences import VOID, joined

Rows = NDArray[np.int64]
ROUNDS = 4
"""Rounds of drawing, each four times as large as the one before."""


@dataclass(frozen=True)
class DrawnProblems:
    """Complete sequences of one task."""

    tokens: Block
    """(example, position) prompt, answer and <eos>, voids on the right"""
    n_prompt: NDArray[np.int64]

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
    """`sizes[split]` problems for each split.

    Args:
        rows: which of some problems may stand in each split, in order.
        rng: a fresh generator, the same at each call.

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
    """Rows allowed in `train`, in the splits of `kept`, and in `ood-combinations`.

    Args:
        held_out: pairs, by `pair_code`, that stand in `ood-combinations` only.
        kept: sizes of the splits that training must not see.
        rng: chooses what is kept.
        repeats: whether a problem drawn twice may train twice.
    """
    unusual = combines(problems, held_out)
    usual = np.flatnonzero(~unusual)
    first, kind = distinct(problems.key[usual])
    order = rng.permutation(len(first))
    cuts = np.cumsum(list(kept.values()))
    chosen = dict(zip(kept, np.split(order, cuts), strict=False))
    train = usual[~np.isin(kind, order[: cuts[-1]])]
    if not repeats:
        train = train[distinct(problems.prompt[train])[0]]
    combinations = np.flatnonzero(unusual)
    return {
        "train": train,
        **{split: usual[first[kinds]] for split, kinds in chosen.items()},
        "ood-combinations": combinations[distinct(problems.prompt[combinations])[0]],
    }


def combines(problems: Problems, pairs: NDArray[np.int64]) -> NDArray[np.bool_]:
    """(problem,) whether it contains one of these pairs."""
    return np.asarray(np.isin(problems.pairs, pairs).any(axis=1))


def distinct(block: Block) -> tuple[Rows, Rows]:
    """The first row of each kind, in order, and (row,) the index of its kind in that order."""
    # One byte a token lets rows be compared as a whole; a vocabulary here is far below 255.
    text = np.ascontiguousarray((block + 1).astype(np.uint8)).view(f"S{block.shape[1]}").ravel()
    _, first, kind = np.unique(text, return_index=True, return_inverse=True)
    order = np.argsort(first)
    return first[order], np.argsort(order)[kind]
