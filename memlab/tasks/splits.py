"""Splits, and exact fractions of a number of examples."""

from collections.abc import Sequence
from decimal import Decimal

import numpy as np
from numpy.typing import NDArray
from pydantic import model_validator

from memlab.settings import Settings, setting


class Split(Settings):
    """Fractions for training and validation; the rest is the test set."""

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
    """`fraction` of `n`, rounded down, computed with the decimal value of the fraction.

    0.7 of 9,409 is 6,586, and 0.29 of 100 is 29, where floating point gives 28.
    """
    return int(Decimal(repr(fraction)) * n)


def split_rows(
    n: int, shares: Sequence[float], rng: np.random.Generator
) -> dict[str, NDArray[np.int64]]:
    """Split the rows 0 to n - 1 at random into train and val, or into train, val and test.

    Args:
        n: number of rows.
        shares: fractions of all splits except the last, which gets the rest.
        rng: determines the order.
    """
    cuts = np.cumsum([share(fraction, n) for fraction in shares])
    names = ("train", "val", "test")[: len(shares) + 1]
    return dict(zip(names, np.split(rng.permutation(n), cuts), strict=True))
