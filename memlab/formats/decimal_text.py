"""Parses many decimal numbers at once with numpy, rounded as `float` rounds.

Digits are read eight at a time: eight characters are an integer of 64 bits, in which three
multiplications combine neighbouring digits (known as SWAR, "SIMD within a register").

The digits of a number are an integer below 2**63, its value this integer times a power of ten. With
the 64-bit significand of x86's long double, integer and power (up to 10**27) are exact, so their
quotient or product has one rounding error. Rounding it again to 53 bits gives the nearest float64
unless it lies halfway between two of them; such numbers, one in 2,048, are parsed by `float`. (numpy's
own parser, `fromstring`, reads a blank cell as -1 and is slower.)
"""

import numpy as np
from numpy.typing import NDArray

from memlab.formats.table_header import is_number

Bytes = NDArray[np.uint8]
Integers = NDArray[np.int64]
Words = NDArray[np.uint64]
Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]

IS_SUPPORTED = np.finfo(np.longdouble).nmant == 63
LARGEST_POWER = 27
POWERS = np.array([10**k for k in range(LARGEST_POWER + 1)], np.longdouble)
LARGEST_INTEGER = 2.0**63
AT_ONCE = 4096
"""number of cells whose arrays fit into the cache of a core"""
MOST_WORDS = 5
"""number of words after which a number is parsed by `float`"""
HALFWAY, BELOW_FLOAT64 = np.uint64(0x400), np.uint64(0x7FF)
"""the bits of a significand of 64 bits that one of 53 bits lacks: their value halfway, their mask"""
TENS = 10 ** np.arange(9, dtype=np.uint64)
ZEROS = np.uint64(0x3030303030303030)
"""eight characters 0"""
ABOVE_NINE, HIGH_BITS = np.uint64(0x7676767676767676), np.uint64(0x8080808080808080)
"""adding the first sets the high bit of each byte above 9"""
PAIRS, QUADS, OCTET = (np.uint64(mask) for mask in (0x00FF00FF00FF00FF, 0xFFFF0000FFFF, 0xFFFFFFFF))
ONE = np.uint64(1)


def parse_decimals(data: bytes, ends: Integers) -> tuple[Floats, Mask] | None:
    """The values of cells, and which cells are not empty; None if a cell is not a number, or on a
    platform without long doubles of 64 bits.

    Args:
        data: the text of the cells, with one separator after each.
        ends: (cell,) offsets of the separators.
    """
    if not IS_SUPPORTED:
        return None
    text = np.frombuffer(data + bytes(16 + 8 * MOST_WORDS), np.uint8)
    starts = np.concatenate(([0], ends[:-1] + 1))
    values, is_parsed = np.empty(len(ends)), np.empty(len(ends), np.bool_)
    for i in range(0, len(ends), AT_ONCE):
        some = slice(i, i + AT_ONCE)
        values[some], is_parsed[some] = _parse(text, starts[some], ends[some])
    filled = ends > starts
    for i in np.flatnonzero(filled & ~is_parsed).tolist():
        cell = data[starts[i] : ends[i]].decode("latin-1")
        if not is_number(cell):
            return None
        values[i] = float(cell)
    return values, filled


def _parse(text: Bytes, starts: Integers, ends: Integers) -> tuple[Floats, Mask]:
    """The values of cells, and whether a value is correct; others must be parsed by `float`."""
    is_negative, at = _skip_sign(text, starts + (text[starts] == ord(" ")))
    value, size = np.zeros(len(ends), np.uint64), np.zeros(len(ends))
    n_digits = _read_digits(text, at, value, size)
    at += text[at] == ord(".")
    n_fraction = _read_digits(text, at, value, size)
    power, is_complete = -n_fraction, at == ends
    (which,) = np.nonzero((text[at] | 0x20) == ord("e"))
    if len(which):
        exponents, is_complete[which] = _read_exponents(text, at[which] + 1, ends[which])
        power[which] += exponents
    is_parsed = is_complete & (n_digits + n_fraction > 0) & (size < LARGEST_INTEGER)
    is_parsed &= np.abs(power) <= LARGEST_POWER
    power[~is_parsed] = 0
    exact = value.astype(np.longdouble)
    exact = exact / POWERS[np.maximum(-power, 0)] * POWERS[np.maximum(power, 0)]
    is_parsed &= (exact.view(np.uint64)[::2] & BELOW_FLOAT64) != HALFWAY
    values = exact.astype(np.float64)
    np.negative(values, out=values, where=is_negative)
    return values, is_parsed


def _skip_sign(text: Bytes, starts: Integers) -> tuple[Mask, Integers]:
    """Whether there is a minus at each start, and the offset after the sign."""
    first = text[starts]
    is_negative = first == ord("-")
    return is_negative, starts + (is_negative | (first == ord("+")))


def _read_digits(text: Bytes, at: Integers, value: Words, size: Floats) -> Integers:
    """Read the digits at each offset; return their number.

    Args:
        text: the characters, at least eight more than are read.
        at: (number,) offsets, which are moved to the first character that is not a digit.
        value: (number,) integers to which the digits are appended.
        size: (number,) the same as float64, to detect overflow.
    """
    begin = at.copy()
    # (offset,) the eight characters at each offset, the first in the lowest byte
    words: Words = np.ndarray((len(text) - 7,), "<u8", text, strides=(1,))
    for _ in range(MOST_WORDS):
        digits = words[at] ^ ZEROS
        # A carry out of a byte changes only later characters.
        others = ((digits + ABOVE_NINE) | digits) & HIGH_BITS
        n = np.bitwise_count((others & (~others + ONE)) - ONE) >> 3
        digits <<= np.uint64(64) - (n.astype(np.uint64) << np.uint64(3))
        digits = (digits * np.uint64(10) + (digits >> np.uint64(8))) & PAIRS
        digits = (digits * np.uint64(100) + (digits >> np.uint64(16))) & QUADS
        digits = (digits * np.uint64(10_000) + (digits >> np.uint64(32))) & OCTET
        power = TENS[n]
        value *= power
        value += digits
        size *= power
        size += digits
        at += n
        if (n < 8).all():
            break
    return at - begin


def _read_exponents(text: Bytes, starts: Integers, ends: Integers) -> tuple[Integers, Mask]:
    """The exponents at each start, and whether they are complete and end where the cell ends."""
    is_negative, at = _skip_sign(text, starts)
    value, size = np.zeros(len(at), np.uint64), np.zeros(len(at))
    n_digits = _read_digits(text, at, value, size)
    is_complete = (n_digits > 0) & (n_digits <= 8) & (at == ends)
    exponents = value.astype(np.int64)
    return np.where(is_negative, -exponents, exponents), is_complete
