"""Modular operations as addition in a cyclic group, for which Fourier measures are defined.

    add         a + b mod p       index of a = a,       of b = b,        of the answer = c
    subtract    a - b mod p                    a              -b                        c
    multiply    a * b mod p                log a           log b                    log c
    divide      a / b mod p                log a          -log b                    log c

log is the discrete logarithm to a generator of the units mod p; 0 and other elements without an inverse
are not in the group. Other operations, and permutations, have no cyclic group.
"""

from dataclasses import dataclass
from math import gcd

import numpy as np
from numpy.typing import NDArray

Integers = NDArray[np.int64]


@dataclass(frozen=True)
class CyclicGroup:
    """Elements of a task by their index in Z_n, such that index(a) + index(b) = index(answer) mod n."""

    n: int
    """number of elements"""
    left: Integers
    """(index,) element as left operand"""
    right: Integers
    """(index,) element as right operand"""
    answers: Integers
    """(index,) element as answer"""


@dataclass(frozen=True)
class CyclicTable:
    """A task whose prompts have two elements of a cyclic group as single tokens, with answers of one token."""

    group: CyclicGroup
    columns: tuple[int, int]
    """positions of the two operands in a sequence"""
    elements: int
    """number of tokens, the first of the vocabulary, that are elements, in the group or not"""


def cyclic_group(operation: str, modulus: int | None) -> CyclicGroup | None:
    """The group of an operation; None if there is no cyclic group, as for permutations."""
    if modulus is None:
        return None
    if operation in ("add", "subtract"):
        elements = np.arange(modulus)
        right = elements if operation == "add" else -elements % modulus
        return CyclicGroup(modulus, elements, right, elements)
    if operation in ("multiply", "divide"):
        powers = _powers_of_generator(modulus)
        if powers is None:
            return None
        n = len(powers)
        right = powers if operation == "multiply" else powers[-np.arange(n) % n]
        return CyclicGroup(n, powers, right, powers)
    return None


def _powers_of_generator(modulus: int) -> Integers | None:
    """(exponent,) powers of the smallest generator of the units; None if the units are not cyclic."""
    units = [x for x in range(1, modulus) if gcd(x, modulus) == 1]
    for generator in units:
        powers = [1]
        while (following := powers[-1] * generator % modulus) != 1:
            powers.append(following)
        if len(powers) == len(units):
            return np.array(powers)
    return None
