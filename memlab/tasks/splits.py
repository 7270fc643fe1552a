"""Exact fractions of a whole, and splits."""

from collections.abc import Sequence
from decimal import Decimal

import numpy as np
from numpy.typing import NDArray
from pydantic import model_validator

from memlab.settings import Settings, setting


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
    """`fraction` of `n`, rounded down, with the fraction taken as the decimal that was written.

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
