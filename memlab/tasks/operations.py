"""Binary operations: their signs, the elements they work on, and their tables."""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import permutations
from math import gcd

import numpy as np
from numpy.typing import NDArray

Integers = NDArray[np.int64]


@dataclass(frozen=True)
class Operation:
    """A function of two residues."""

    sign: str
    """how it is written between its operands, one character"""
    result: Callable[[Integers, Integers], Integers]
    """elementwise, not yet reduced"""


OPERATIONS = {
    "add": Operation("+", lambda a, b: a + b),
    "subtract": Operation("-", lambda a, b: a - b),
    "multiply": Operation("*", lambda a, b: a * b),
    "sum_of_squares": Operation("#", lambda a, b: a**2 + b**2),
    "cube_plus_product": Operation("&", lambda a, b: a**3 + a * b),
}
DIVIDE_SIGN, COMPOSE_SIGN = "/", "o"


@dataclass(frozen=True)
class OperationTable:
    """All problems `a OP b = c` of an operation, as indices into its elements."""

    elements: tuple[str, ...]
    """texts of what is combined: residues, or permutations"""
    sign: str
    a: Integers
    b: Integers
    c: Integers

    def __len__(self) -> int:
        return len(self.a)


def table_of(operation: str, modulus: int | None) -> OperationTable:
    """Every problem where the operation is defined; `compose` takes no modulus."""
    if modulus is None:
        return _compose(5)
    elements = tuple(map(str, range(modulus)))
    first, second = _all_pairs(modulus)
    if operation == "divide":
        # Built as a = b * c over all quotients c, so no inverse is ever computed.
        units = np.array([gcd(x, modulus) == 1 for x in range(modulus)])
        c, b = first[units[second]], second[units[second]]
        return OperationTable(elements, DIVIDE_SIGN, b * c % modulus, b, c)
    chosen = OPERATIONS[operation]
    return OperationTable(
        elements, chosen.sign, first, second, chosen.result(first, second) % modulus
    )


def _all_pairs(n: int) -> tuple[Integers, Integers]:
    first, second = np.divmod(np.arange(n * n), n)
    return first, second


def _compose(n: int) -> OperationTable:
    """The symmetric group: (a o b)(i) = a(b(i)); a permutation is written as its images."""
    group = np.array(list(permutations(range(n))))
    a, b = _all_pairs(len(group))
    place = n ** np.arange(n)[::-1]
    # Permutations come in the order of their numbers, so that searching finds the product.
    c = np.searchsorted(group @ place, np.take_along_axis(group[a], group[b], axis=1) @ place)
    return OperationTable(tuple("".join(map(str, g)) for g in group), COMPOSE_SIGN, a, b, c)
