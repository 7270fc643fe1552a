"""Binary operations: their signs, elements and tables."""

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
    """character between the operands"""
    result: Callable[[Integers, Integers], Integers]
    """elementwise result, before reduction mod p"""


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
    """All problems `a OP b = c` of an operation; a, b and c are (problem,) indices of elements."""

    elements: tuple[str, ...]
    """texts of the elements: residues or permutations"""
    sign: str
    a: Integers
    b: Integers
    c: Integers

    def __len__(self) -> int:
        return len(self.a)


def table_of(operation: str, modulus: int | None) -> OperationTable:
    """All problems for which the operation is defined; `modulus` is None for `compose`."""
    if modulus is None:
        return _compose(5)
    elements = tuple(map(str, range(modulus)))
    first, second = _all_pairs(modulus)
    if operation == "divide":
        # a = b * c for all units b and quotients c, so that no inverse is computed
        units = np.array([gcd(x, modulus) == 1 for x in range(modulus)])
        c, b = first[units[second]], second[units[second]]
        return OperationTable(elements, DIVIDE_SIGN, b * c % modulus, b, c)
    chosen = OPERATIONS[operation]
    return OperationTable(
        elements, chosen.sign, first, second, chosen.result(first, second) % modulus
    )


def _all_pairs(n: int) -> tuple[Integers, Integers]:
    """First and second index, each (pair,), of all n^2 pairs."""
    first, second = np.divmod(np.arange(n * n), n)
    return first, second


def _compose(n: int) -> OperationTable:
    """The symmetric group: (a o b)(i) = a(b(i)); the text of a permutation is the list of its images."""
    group = np.array(list(permutations(range(n))))  # (permutation, n)
    a, b = _all_pairs(len(group))
    place_values = n ** np.arange(n)[::-1]
    # Permutations are sorted by their digits in base n, so binary search finds the index of a product.
    products = np.take_along_axis(group[a], group[b], axis=1)  # (problem, n)
    c = np.searchsorted(group @ place_values, products @ place_values)
    return OperationTable(tuple("".join(map(str, g)) for g in group), COMPOSE_SIGN, a, b, c)
