"""The problems of the five algorithmic tasks, drawn many at a time as arrays of symbols."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from memlab.tasks.sequences import VOID, joined
from memlab.tasks.task import Vocabulary

Block = NDArray[np.int64]
"""(problem, place) token ids, VOID where there is none"""

LETTERS = "abcdefghijklmnopqrstuvwxyz"
DIGITS = "0123456789"


@dataclass(frozen=True)
class Problems:
    """Problems of one task; every array has a row for each."""

    prompt: Block
    answer: Block
    key: Block
    """what is asked, however it is written: b + a has the key of a + b"""
    pairs: NDArray[np.int64]
    """(problem, pair) codes, by `pair_code`, of the symbols that it combines; VOID fills up"""


@dataclass(frozen=True)
class Domain:
    """The distribution of problems; ranges are (smallest, largest)."""

    vocabulary: Vocabulary
    letters: NDArray[np.int64]
    """tokens of the letters that may occur"""
    length: Sequence[int]
    """items of a list to copy, reverse or sort"""
    digits: Sequence[int]
    """digits of an operand"""
    names: Sequence[int]
    """names in a chain of relations"""
    padded_sums: bool
    """operands filled up with zeros, the sum's lowest digit first"""

    def tokens(self, symbols: str) -> Block:
        """Token ids of space-separated symbols, as one row that fits any number of problems."""
        return np.array([self.vocabulary.encode(symbols)])

    def prompt(self, tag: str, *blocks: Block) -> Block:
        """The tag, the operands, and the equals sign."""
        n = len(blocks[0])
        ends = [np.repeat(self.tokens(end), n, axis=0) for end in (f"[{tag}]", "=")]
        return joined(ends[0], *blocks, ends[1])


def pair_code(first: Block, second: Block) -> Block:
    """One number for each ordered pair of tokens; VOID where either is missing."""
    return np.where((first == VOID) | (second == VOID), VOID, first * 1000 + second)


def _items(
    rng: np.random.Generator, n: int, size: Sequence[int], symbols: NDArray[np.int64]
) -> Block:
    """Lists of symbols, their sizes and items uniform."""
    sizes = rng.integers(size[0], size[1] + 1, (n, 1))
    return np.where(np.arange(size[1]) < sizes, rng.choice(symbols, (n, size[1])), VOID)


def copy(domain: Domain, rng: np.random.Generator, n: int) -> Problems:
    """`[copy] c a f = c a f`."""
    items = _items(rng, n, domain.length, domain.letters)
    pairs = pair_code(items[:, :-1], items[:, 1:])
    return Problems(domain.prompt("copy", items), items, items, pairs)


def rev(domain: Domain, rng: np.random.Generator, n: int) -> Problems:
    """`[rev] c a f = f a c`."""
    items = _items(rng, n, domain.length, domain.letters)
    pairs = pair_code(items[:, :-1], items[:, 1:])
    return Problems(domain.prompt("rev", items), joined(items[:, ::-1]), items, pairs)


def sort(domain: Domain, rng: np.random.Generator, n: int) -> Problems:
    """`[sort] 5 1 5 = 1 5 5`."""
    items = _items(rng, n, domain.length, domain.tokens(" ".join(DIGITS))[0])
    pairs = pair_code(items[:, :-1], items[:, 1:])
    return Problems(domain.prompt("sort", items), joined(np.sort(items, axis=1)), items, pairs)


def add(domain: Domain, rng: np.random.Generator, n: int) -> Problems:
    """`[add] 4 7 + 8 = 5 5`, or, padded, `[add] 4 7 + 0 8 = 5 5 0`."""
    fewest, most = domain.digits
    a, b = rng.integers(10 ** (fewest - 1) if fewest > 1 else 0, 10**most, (2, n))

    def written(number: NDArray[np.int64], width: int, padded: bool) -> Block:
        places = 10 ** np.arange(width)[::-1]
        ids = domain.tokens(" ".join(DIGITS))[0][number[:, None] // places % 10]
        leading = (number[:, None] < places) & (places > 1)
        return ids if padded else np.where(leading, VOID, ids)

    left, right = (written(x, most, domain.padded_sums) for x in (a, b))
    answer = written(a + b, most + 1, domain.padded_sums)
    plus = np.repeat(domain.tokens("+"), n, axis=0)
    return Problems(
        domain.prompt("add", left, plus, right),
        answer[:, ::-1] if domain.padded_sums else joined(answer),
        np.hstack([written(x, most, True) for x in (np.minimum(a, b), np.maximum(a, b))]),
        np.hstack([pair_code(left, right), pair_code(right, left)]),
    )


def rel(domain: Domain, rng: np.random.Generator, n: int) -> Problems:
    """`[rel] b > c a > b ? c a = <`: a > b > c, the facts in any order, then a query for c and
    a.

    Only names that no fact compares are asked for, so that answering takes two facts or more.
    """
    fewest, most = domain.names
    size = rng.integers(fewest, most + 1, n)
    names = domain.letters[rng.random((n, len(domain.letters))).argsort(axis=1)[:, :most]]
    chain = np.where(np.arange(most) < size[:, None], names, VOID)

    facts = np.stack([chain[:, :-1], np.full((n, most - 1), domain.tokens(">")), chain[:, 1:]], 2)
    facts[chain[:, 1:] == VOID] = VOID
    order = rng.random((n, most - 1)).argsort(axis=1)
    facts = np.take_along_axis(facts, order[:, :, None], axis=1)

    above = rng.integers(0, size - 2)
    below = rng.integers(above + 2, size)
    question = np.take_along_axis(chain, np.stack([above, below], axis=1), axis=1)
    flipped = rng.random((n, 1)) < 0.5
    return Problems(
        domain.prompt(
            "rel",
            facts.reshape(n, -1),
            np.repeat(domain.tokens("?"), n, axis=0),
            np.where(flipped, question[:, ::-1], question),
        ),
        np.where(flipped, domain.tokens("<"), domain.tokens(">")),
        np.hstack([chain, question]),
        pair_code(chain[:, :-1], chain[:, 1:]),
    )


DRAW: dict[str, Callable[[Domain, np.random.Generator, int], Problems]] = {
    "copy": copy,
    "rev": rev,
    "add": add,
    "sort": sort,
    "rel": rel,
}
"""How `n` problems of a task are drawn."""


def vocabulary_of_tasks(n_letters: int) -> Vocabulary:
    """One vocabulary for all tasks: tags, signs, digits, the first letters of the alphabet."""
    symbols = [*(f"[{task}]" for task in DRAW), *"=+><?", *DIGITS, *LETTERS[:n_letters]]
    n = len(symbols)
    return Vocabulary((*symbols, "<eos>", "<pad>"), " ", eos=n, pad=n + 1)
