"""The problems of the five algorithmic tasks, drawn as arrays of tokens."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from memlab.tasks.sequences import VOID, joined
from memlab.tasks.task import Vocabulary

Block = NDArray[np.int64]
"""(problem, position) token ids, or VOID"""

LETTERS = "abcdefghijklmnopqrstuvwxyz"
DIGITS = "0123456789"


@dataclass(frozen=True)
class Problems:
    """Problems of one task; every array has one row per problem."""

    prompt: Block
    answer: Block
    key: Block
    """equal for problems that differ only in notation, such as a + b and b + a"""
    pairs: NDArray[np.int64]
    """(problem, pair) codes, by `pair_code`, of the pairs of symbols that occur in it, or VOID"""


@dataclass(frozen=True)
class Domain:
    """The distribution of problems; ranges are (minimum, maximum)."""

    vocabulary: Vocabulary
    letters: NDArray[np.int64]
    """(letter,) tokens of the letters that can occur"""
    length: Sequence[int]
    """number of items of a list to copy, reverse or sort"""
    digits: Sequence[int]
    """number of digits of an operand"""
    names: Sequence[int]
    """number of names in a chain of relations"""
    padded_sums: bool
    """operands are padded with zeros, and the sum has its lowest digit first"""

    def tokens(self, symbols: str) -> Block:
        """(1, symbol) token ids of space-separated symbols."""
        return np.array([self.vocabulary.encode(symbols)])

    def prompt(self, tag: str, *blocks: Block) -> Block:
        """The tag of the task, the blocks, and the equals sign, without gaps."""
        n = len(blocks[0])
        ends = [np.repeat(self.tokens(end), n, axis=0) for end in (f"[{tag}]", "=")]
        return joined(ends[0], *blocks, ends[1])


def pair_code(first: Block, second: Block) -> Block:
    """One integer for each ordered pair of tokens; VOID if one of them is VOID."""
    return np.where((first == VOID) | (second == VOID), VOID, first * 1000 + second)


def _items(
    rng: np.random.Generator, n: int, size: Sequence[int], symbols: NDArray[np.int64]
) -> Block:
    """(problem, item) lists with uniformly drawn lengths and items, VOID on the right."""
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

    def digits_of(number: NDArray[np.int64], width: int, padded: bool) -> Block:
        """(problem,) -> (problem, digit), with leading zeros as VOID unless padded."""
        places = 10 ** np.arange(width)[::-1]
        ids = domain.tokens(" ".join(DIGITS))[0][number[:, None] // places % 10]
        leading = (number[:, None] < places) & (places > 1)
        return ids if padded else np.where(leading, VOID, ids)

    left, right = (digits_of(x, most, domain.padded_sums) for x in (a, b))
    answer = digits_of(a + b, most + 1, domain.padded_sums)
    plus = np.repeat(domain.tokens("+"), n, axis=0)
    return Problems(
        domain.prompt("add", left, plus, right),
        answer[:, ::-1] if domain.padded_sums else joined(answer),
        np.hstack([digits_of(x, most, True) for x in (np.minimum(a, b), np.maximum(a, b))]),
        np.hstack([pair_code(left, right), pair_code(right, left)]),
    )


def rel(domain: Domain, rng: np.random.Generator, n: int) -> Problems:
    """`[rel] b > c a > b ? c a = <`: the facts of a > b > c in random order, then a query for c and a.

    A query has two names that no single fact compares, so that an answer requires two or more facts.
    """
    fewest, most = domain.names
    size = rng.integers(fewest, most + 1, n)
    # (problem, name) different random letters, in descending order of the relation
    names = domain.letters[rng.random((n, len(domain.letters))).argsort(axis=1)[:, :most]]
    chain = np.where(np.arange(most) < size[:, None], names, VOID)

    # (problem, fact, 3) name, ">", next name
    facts = np.stack([chain[:, :-1], np.full((n, most - 1), domain.tokens(">")), chain[:, 1:]], 2)
    facts[chain[:, 1:] == VOID] = VOID
    order = rng.random((n, most - 1)).argsort(axis=1)
    facts = np.take_along_axis(facts, order[:, :, None], axis=1)

    greater = rng.integers(0, size - 2)  # index in the chain
    smaller = rng.integers(greater + 2, size)
    question = np.take_along_axis(chain, np.stack([greater, smaller], axis=1), axis=1)
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
"""task to function that draws `n` problems"""


def vocabulary_of_tasks(n_letters: int) -> Vocabulary:
    """The common vocabulary of all tasks: tags, signs, digits, the first letters of the alphabet."""
    symbols = [*(f"[{task}]" for task in DRAW), *"=+><?", *DIGITS, *LETTERS[:n_letters]]
    n = len(symbols)
    return Vocabulary((*symbols, "<eos>", "<pad>"), " ", eos=n, pad=n + 1)
