"""Modular operations as addition in a cyclic group: where Fourier measures are defined.

    add         a + b mod p       index of a = a,       of b = b,        of the answer = c
    subtract    a - b mod p                    a              -b                        c
    multiply    a * b mod p                log a           log b                    log c
    divide      a / b mod p                log a          -log b                    log c

log is the discrete logarithm to a generator of the units mod p; 0 and other elements that have no
inverse are left out. Other operations, and permutations, have no cyclic group.
"""

from dataclasses import dataclass
from math import gcd

import numpy as np
from numpy.typing import NDArray

Integers = NDArray[np.int64]


@dataclass(frozen=True)
class CyclicGroup:
    """Elements of a task by their index in Z_n, so that index(a) + index(b) = index(answer)."""

    n: int
    left: Integers
    """(index,) the element that stands left of the sign"""
    right: Integers
    """(index,) the element that stands right of it"""
    answers: Integers
    """(index,) the element that answers"""


@dataclass(frozen=True)
class CyclicTable:
    """A task whose prompts are two elements of a cyclic group, answered by one token."""

    group: CyclicGroup
    columns: tuple[int, int]
    """positions of the two operands in a sequence"""
    elements: int
    """how many tokens, the first ones, are elements, whether in the group or not"""


def cyclic_group(operation: str, modulus: int | None) -> CyclicGroup | None:
    """The group of an operation; None if it is not cyclic, as for permutations."""
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
    """(exponent,) the powers of the least generator of the units; None if they are not cyclic."""
    units = [x for x in range(1, modulus) if gcd(x, modulus) == 1]
    for generator in units:
        powers = [1]
        while (following := powers[-1] * generator % modulus) != 1:
            powers.append(following)
        if len(powers) == len(units):
            return np.array(powers)
    return None
