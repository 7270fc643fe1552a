"""Target tokens of the loss, and loss values known before training."""

from typing import Literal

import numpy as np
from numpy.typing import NDArray

from memlab.preset.schema import SkipFirst
from memlab.tasks.task import Examples, Vocabulary

Integers = NDArray[np.int64]


def targets(
    examples: Examples, vocabulary: Vocabulary, loss_on: Literal["answer", "all"] | SkipFirst
) -> Integers:
    """(example, position) the token to predict from `tokens[:, :-1]`, -1 where there is no loss.

    `answer`: the answer with its terminator. `all`: every token but BOS and padding;
    `{skip_first: n}` leaves out the first n of those.
    """
    place = np.arange(examples.tokens.shape[1])
    if loss_on == "answer":
        chosen = examples.answer
    else:
        skipped = loss_on.skip_first if isinstance(loss_on, SkipFirst) else 0
        first = skipped + (vocabulary.bos is not None)
        chosen = (place >= first) & (place < examples.length[:, None])
    return np.where(chosen, examples.tokens, -1)[:, 1:]


def chance_loss(target: Integers) -> float:
    """Loss in nats of a model that knows only how often each token is a target."""
    counts = np.bincount(target[target >= 0])
    share = counts[counts > 0] / counts.sum()
    return float(-(share * np.log(share)).sum())


def irreducible_loss(examples: Examples, target: Integers) -> NDArray[np.float64]:
    """(example, position) loss in nats of the best possible model; 0 where there is no target.

    A model sees the tokens before a target and no more: where equal beginnings go on differently,
    the best it can do is to give each continuation its share.
    """
    prefix = np.zeros(len(target), np.int64)
    loss = np.zeros(target.shape)
    for position in range(target.shape[1]):
        prefix = _numbered(prefix, examples.tokens[:, position])
        rows = target[:, position] >= 0
        loss[rows, position] = _surprise(prefix[rows], target[rows, position])
    return loss


def _numbered(one: Integers, other: Integers) -> Integers:
    """A number from 0 for each row, equal where both columns are equal."""
    return np.unique(one * (other.max(initial=0) + 1) + other, return_inverse=True)[1]


def _surprise(given: Integers, value: Integers) -> NDArray[np.float64]:
    """-log of the share that each row's value has among the rows with the same `given`."""
    pair = _numbered(given, value)
    share = np.bincount(pair)[pair] / np.bincount(given)[given]
    return np.asarray(-np.log(share), np.float64)
