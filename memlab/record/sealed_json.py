"""Sealed JSON: text whose last member, `crc`, is a checksum of everything before it.

Every JSON file of a run, and every line of `events.jsonl`, is sealed. The CRC-32 starts from the
document's place ("<run>/attempts/001/end.json"), so that a file at a wrong place is refused like a
damaged one.

JSON has no NaN and no infinities: they are written as the strings "nan", "inf" and "-inf". A real
string that reads like one of these gets a backslash in front.
"""

import json
import re
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from memlab.record import files
from memlab.record.json_types import ANYTHING, Check

_NUMBERS = {"nan": float("nan"), "inf": float("inf"), "-inf": float("-inf")}
_LOOKS_LIKE_ONE = re.compile(r"\\*(nan|inf|-inf)")
_SEAL = re.compile(rb'(?:, |,\n  )"crc": "([0-9a-f]{8})"\n?\}\n\Z')


def seed(place: str) -> int:
    """Initial value of the CRC for the file at `place`."""
    return zlib.crc32(place.encode(errors="surrogatepass"))  # a folder name may contain any bytes


def plain(value: Any) -> Any:
    """`value` with every number that JSON cannot represent as a string."""
    if isinstance(value, float):
        return value if value - value == 0 else str(value)
    if isinstance(value, str):
        return "\\" + value if _LOOKS_LIKE_ONE.fullmatch(value) else value
    if isinstance(value, Mapping):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    return value


def restored(value: Any) -> Any:
    """The inverse of `plain`."""
    if isinstance(value, str):
        if value.startswith("\\") and _LOOKS_LIKE_ONE.fullmatch(value):
            return value[1:]
        return _NUMBERS.get(value, value)
    if isinstance(value, dict):
        return {key: restored(item) for key, item in value.items()}
    if isinstance(value, list):
        return [restored(item) for item in value]
    return value


def seal(document: Mapping[str, Any], place: str, *, indent: int | None = None) -> bytes:
    """The document as text, on one line or indented, with its CRC and a newline at the end."""
    assert document, "an empty document cannot be sealed"
    text = json.dumps(plain(document), allow_nan=False, indent=indent)
    body = text[:-1].rstrip().encode()
    crc = zlib.crc32(body, seed(place))
    lead, close = (", ", "}") if indent is None else (",\n" + " " * indent, "\n}")
    return body + f'{lead}"crc": "{crc:08x}"{close}\n'.encode()


def unseal(data: bytes, place: str) -> dict[str, Any] | None:
    """The document, or None if its seal does not match."""
    match = _SEAL.search(data, max(0, len(data) - 64))
    if not match or zlib.crc32(data[: match.start()], seed(place)) != int(match[1], 16):
        return None
    body = data[: match.start()] + b"}"
    try:
        document = json.loads(body.decode())
        if b'nan"' in body or b'inf"' in body:
            document = restored(document)
    except (ValueError, RecursionError):
        return None
    return document if isinstance(document, dict) else None


def read(path: str | Path, place: str, fits: Check = ANYTHING) -> dict[str, Any] | None:
    """The document in a file; None if it is missing, damaged, or of the wrong type."""
    data = files.read(path)
    document = None if data is None else unseal(data, place)
    return document if fits(document) else None
