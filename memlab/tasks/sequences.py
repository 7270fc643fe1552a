"""From texts to token sequences: vocabularies, padded arrays, exact splits."""

from collections.abc import Iterable, Sequence
from decimal import Decimal

import numpy as np
from numpy.typing import NDArray
from pydantic import model_validator

from memlab.settings import Settings, setting
from memlab.tasks.task import Examples, Vocabulary


class Split(Settings):
    """Three parts: train and validation by share, the rest is the test set."""

    train: float = setting(gt=0, lt=1, help="Share of the examples to train on.")
    val: float = setting(gt=0, lt=1, help="Share of the examples to validate on.")

    @model_validator(mode="after")
    def _leaves_a_rest(self) -> "Split":
        if Decimal(repr(self.train)) + Decimal(repr(self.val)) >= 1:
            raise ValueError(
                f"train {self.train} and val {self.val} leave nothing for the test set"
            )
        return self


def share(fraction: float, n: int) -> int:
    """`fraction` of `n`, rounded down, reading the fraction as the decimal that was written.

    0.7 of 9,409 is 6,586 and 0.29 of 100 is 29, which floating point would make 28.
    """
    return int(Decimal(repr(fraction)) * n)


def split_rows(
    n: int, shares: Sequence[float], rng: np.random.Generator
) -> dict[str, NDArray[np.int64]]:
    """Rows 0 to n - 1 in random order, cut into train and val, or train, val and test.

    `shares` are those of all but the last part, which gets the rest.
    """
    cuts = np.cumsum([share(fraction, n) for fraction in shares])
    names = ("train", "val", "test")[: len(shares) + 1]
    return dict(zip(names, np.split(rng.permutation(n), cuts), strict=True))


def vocabulary_of(symbols: Iterable[str], *specials: str, joiner: str = "") -> Vocabulary:
    """The symbols in the given order, then those of `bos`, `eos`, `pad` that `specials` name."""
    known = tuple(symbols)
    ids = {name: len(known) + i for i, name in enumerate(specials)}
    return Vocabulary((*known, *(f"<{name}>" for name in specials)), joiner, **ids)


def flat_ids(vocabulary: Vocabulary, texts: Sequence[str]) -> tuple[NDArray[np.int64], list[int]]:
    """Token ids of all texts in one row, and how many belong to each text.

    Every symbol must be in the vocabulary.
    """
    ids = {s: i for i, s in enumerate(vocabulary.symbols) if i not in vocabulary.special}
    if vocabulary.joiner:
        words = [text.split() for text in texts]
        flat = [ids[word] for row in words for word in row]
        return np.array(flat, np.int64), [len(row) for row in words]
    table = np.zeros(max(map(ord, ids)) + 1, np.int64)
    table[[ord(symbol) for symbol in ids]] = list(ids.values())
    codes = np.frombuffer("".join(texts).encode("utf-32-le"), np.uint32)
    return table[codes], [len(text) for text in texts]


def examples_of(
    vocabulary: Vocabulary,
    prompts: Sequence[str],
    answers: Sequence[str],
    group: NDArray[np.int64] | None = None,
) -> Examples:
    """Sequences of BOS (if there is one), prompt, answer, EOS (if there is one), padding."""
    n = len(prompts)
    flat, n_text = flat_ids(
        vocabulary, [p + vocabulary.joiner + a for p, a in zip(prompts, answers, strict=True)]
    )
    n_bos, n_eos = int(vocabulary.bos is not None), int(vocabulary.eos is not None)
    answer_start = n_bos + np.array(flat_ids(vocabulary, prompts)[1], np.int64)
    text_end = n_bos + np.array(n_text, np.int64)
    length = text_end + n_eos

    position = np.arange(length.max())
    filler = 0 if vocabulary.pad is None else vocabulary.pad
    tokens = np.full((n, len(position)), filler, np.int64)
    tokens[(position >= n_bos) & (position < text_end[:, None])] = flat
    if vocabulary.bos is not None:
        tokens[:, 0] = vocabulary.bos
    if vocabulary.eos is not None:
        tokens[np.arange(n), text_end] = vocabulary.eos
    answer = (position >= answer_start[:, None]) & (position < length[:, None])
    return Examples(tokens, length, answer, np.zeros(n, np.int64) if group is None else group)
