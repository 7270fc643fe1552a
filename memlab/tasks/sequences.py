"""Converts texts to token sequences: vocabularies and padded arrays."""

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from memlab.tasks.task import Examples, Vocabulary

VOID = -1
"""no token, in arrays before padding"""


def vocabulary_of(symbols: Iterable[str], *specials: str, joiner: str = "") -> Vocabulary:
    """A vocabulary of `symbols` in this order, followed by `specials` (of `bos`, `eos`, `pad`)."""
    entries = tuple(symbols)
    ids = {name: len(entries) + i for i, name in enumerate(specials)}
    return Vocabulary((*entries, *(f"<{name}>" for name in specials)), joiner, **ids)


def flat_ids(vocabulary: Vocabulary, texts: Sequence[str]) -> tuple[NDArray[np.int64], list[int]]:
    """Token ids of all texts, concatenated, and the number of tokens of each text.

    All symbols must be in the vocabulary.
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
    """Sequences of BOS (if the vocabulary has it), prompt, answer, EOS (likewise) and padding."""
    flat, n_text = flat_ids(
        vocabulary, [p + vocabulary.joiner + a for p, a in zip(prompts, answers, strict=True)]
    )
    n_bos, n_eos = int(vocabulary.bos is not None), int(vocabulary.eos is not None)
    n_prompt = n_bos + np.array(flat_ids(vocabulary, prompts)[1], np.int64)
    text_end = n_bos + np.array(n_text, np.int64)
    position = np.arange(text_end.max() + n_eos)
    tokens = np.full((len(prompts), len(position)), VOID, np.int64)
    tokens[(position >= n_bos) & (position < text_end[:, None])] = flat
    if vocabulary.bos is not None:
        tokens[:, 0] = vocabulary.bos
    if vocabulary.eos is not None:
        tokens[np.arange(len(tokens)), text_end] = vocabulary.eos
    return padded(vocabulary, tokens, n_prompt, group)


def padded(
    vocabulary: Vocabulary,
    tokens: NDArray[np.int64],
    n_prompt: NDArray[np.int64],
    group: NDArray[np.int64] | None = None,
) -> Examples:
    """Examples from sequences of different lengths.

    Args:
        vocabulary: defines the padding token.
        tokens: (example, position) token ids, VOID on the right.
        n_prompt: (example,) number of tokens of the prompt; the rest is the answer.
        group: (example,) see `Examples.group`; None = all 0.
    """
    length = (tokens != VOID).sum(axis=1)
    position = np.arange(tokens.shape[1])
    answer = (position >= n_prompt[:, None]) & (position < length[:, None])
    tokens = np.where(tokens == VOID, vocabulary.pad or 0, tokens)
    return Examples(
        tokens, length, answer, np.zeros(len(tokens), np.int64) if group is None else group
    )


def joined(*blocks: NDArray[np.int64]) -> NDArray[np.int64]:
    """Concatenate blocks (row, symbol) along the symbols, and move VOID to the right end of each row."""
    wide = np.hstack(blocks)
    order = np.argsort(wide == VOID, axis=1, kind="stable")
    wide = np.take_along_axis(wide, order, axis=1)
    return wide[:, : int((wide != VOID).sum(axis=1).max(initial=0))]
