"""The wire format of protocol buffers: fields of a message, read and written.

Source: protobuf.dev, "Encoding". A field is a varint `number << 3 | type` and its value: type 0 a
varint, 1 eight bytes, 2 a varint length and so many bytes, 5 four bytes.
"""

import struct
from collections.abc import Iterator

import numpy as np

VARINT, FIXED64, BYTES, FIXED32 = 0, 1, 2, 5

Field = tuple[int, int, int | bytes]
"""number, type, and value; fixed values are their bytes"""


def varint(data: bytes, at: int) -> tuple[int, int]:
    """The number that begins at `at`, and the offset after it.

    Raises:
        ValueError: it is incomplete.
    """
    value = shift = 0
    while at < len(data) and shift < 70:
        byte = data[at]
        value |= (byte & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if byte < 0x80:
            return value & 0xFFFF_FFFF_FFFF_FFFF, at
    raise ValueError("a number does not end")


def signed(value: int) -> int:
    """A varint as int64."""
    return value - (1 << 64) if value >> 63 else value


def fields(data: bytes) -> Iterator[Field]:
    """The fields of a message, in order.

    Raises:
        ValueError: `data` is not a message.
    """
    at = 0
    while at < len(data):
        key, at = varint(data, at)
        number, kind = key >> 3, key & 7
        if kind == VARINT:
            value, at = varint(data, at)
            yield number, kind, value
            continue
        if kind == BYTES:
            length, at = varint(data, at)
        elif kind in (FIXED64, FIXED32):
            length = 8 if kind == FIXED64 else 4
        else:
            raise ValueError(f"there is no type {kind}")
        if at + length > len(data):
            raise ValueError("a field is longer than its message")
        yield number, kind, data[at : at + length]
        at += length


def text(value: int | bytes) -> str:
    """The value of a text field."""
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)


def message(value: int | bytes) -> bytes:
    """The value of a field whose type is a message.

    Raises:
        ValueError: it is of another type.
    """
    if not isinstance(value, bytes):
        raise ValueError("a number where a message should be")
    return value


def encode_varint(value: int) -> bytes:
    """A number as a varint; negative numbers take ten bytes."""
    value &= 0xFFFF_FFFF_FFFF_FFFF
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def encode_field(number: int, value: int | float | bytes) -> bytes:
    """A field: int as varint, float as eight bytes, bytes with their length."""
    if isinstance(value, bytes):
        return encode_varint(number << 3 | BYTES) + encode_varint(len(value)) + value
    if isinstance(value, float):
        return encode_varint(number << 3 | FIXED64) + struct.pack("<d", value)
    return encode_varint(number << 3 | VARINT) + encode_varint(value)


def encode_float32(number: int, value: float) -> bytes:
    """A field with a float of four bytes; infinite if `value` is out of range."""
    with np.errstate(over="ignore"):
        return encode_varint(number << 3 | FIXED32) + np.float32(value).tobytes()
