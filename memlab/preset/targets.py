"""Target tokens of the loss, and loss values known before training."""

from typing import Literal

import numpy as np
from numpy.typing import NDArray

from memlab.preset.schema import LossPositions, SkipFirst
from memlab.tasks.task import Examples, Vocabulary

Integers = NDArray[np.int64]


LossOn = Literal["answer", "all"] | SkipFirst | LossPositions


def targets(examples: Examples, vocabulary: Vocabulary, loss_on: LossOn) -> Integers:
    """(example, position) the token to predict from `tokens[:, :-1]`, -1 where there is no loss.

    `answer`: the answer with its terminator. `all`: every token except BOS and padding;
    `{skip_first: n}` leaves out the first n of those. `{positions: [...]}`: the predictions of the
    input tokens at these positions, without padding.
    """
    position = np.arange(examples.tokens.shape[1])
    if loss_on == "answer":
        chosen = examples.answer
    elif isinstance(loss_on, LossPositions):
        chosen = np.isin(position - 1, loss_on.positions) & (position < examples.length[:, None])
    else:
        skipped = loss_on.skip_first if isinstance(loss_on, SkipFirst) else 0
        first = skipped + (vocabulary.bos is not None)
        chosen = (position >= first) & (position < examples.length[:, None])
    return np.where(chosen, examples.tokens, -1)[:, 1:]


def chance_loss(target: Integers) -> float:
    """Loss in nats of a model that knows only the token frequencies of the targets."""
    counts = np.bincount(target[target >= 0])
    share = counts[counts > 0] / counts.sum()
    return float(-(share * np.log(share)).sum())


def irreducible_loss(examples: Examples, target: Integers) -> NDArray[np.float64]:
    """(example, position) loss in nats of the optimal model; 0 where there is no target.

    A model sees only the tokens before a target: if equal prefixes have different continuations,
    the optimal prediction is their relative frequencies.
    """
    prefix = np.zeros(len(target), np.int64)
    loss = np.zeros(target.shape)
    for position in range(target.shape[1]):
        prefix = _numbered(prefix, examples.tokens[:, position])
        rows = target[:, position] >= 0
        loss[rows, position] = _surprisal(prefix[rows], target[rows, position])
    return loss


def objective_floor(
    examples: Examples, target: Integers, label_smoothing: float, d_vocab: int
) -> float:
    """Lowest possible value in nats of the objective on these examples.

    With label smoothing s over V tokens, the target distribution after a prefix is
    q = (1 - s) p + s / V, where p holds the shares of the tokens that follow it in the data. No
    model can do better than predict q, so the floor is the mean of the entropies H(q).
    """
    uniform, total = label_smoothing / d_vocab, 0.0
    prefix = np.zeros(len(target), np.int64)
    for position in range(target.shape[1]):
        prefix = _numbered(prefix, examples.tokens[:, position])
        rows = target[:, position] >= 0
        given = np.unique(prefix[rows], return_inverse=True)[1]
        pair, first = np.unique(_numbered(given, target[rows, position]), return_index=True)
        counts = np.bincount(_numbered(given, target[rows, position]), minlength=len(pair))
        in_prefix = np.bincount(given)
        owner = given[first]
        q = (1 - label_smoothing) * counts / in_prefix[owner] + uniform
        unseen = (d_vocab - np.bincount(owner)) * _entropy_term(uniform)
        entropy = np.bincount(owner, -q * np.log(q)) + unseen
        total += float(in_prefix @ entropy) if len(given) else 0.0
    return total / int((target >= 0).sum())


def _entropy_term(p: float) -> float:
    """-p log p, 0 at p = 0."""
    return float(-p * np.log(p)) if p > 0 else 0.0


def _numbered(one: Integers, other: Integers) -> Integers:
    """Number each row from 0; rows equal in both columns get the same number."""
    return np.unique(one * (other.max(initial=0) + 1) + other, return_inverse=True)[1]


def _surprisal(given: Integers, value: Integers) -> NDArray[np.float64]:
    """-log of the relative frequency of each row's value among the rows with the same `given`."""
    pair = _numbered(given, value)
    share = np.bincount(pair)[pair] / np.bincount(given)[given]
    return np.asarray(-np.log(share), np.float64)
