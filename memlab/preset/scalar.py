"""Unquoted YAML scalars: the numbers and booleans of YAML 1.2 only."""

import re
from typing import Any

_WORDS = {"": None, "~": None} | {
    form(word): value
    for word, value in (("null", None), ("true", True), ("false", False))
    for form in (str.lower, str.title, str.upper)
}
_INTEGER = re.compile(r"[-+]?[0-9]+")
_NUMBER = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_REFUSED = {
    re.compile(r"[-+]?0([0-9]+|[xob][0-9a-fA-F]+)"): "write a number in decimal, without leading zeros; quote a text",
    re.compile(r"[-+]?[0-9]+(:[0-5]?[0-9])+(\.[0-9]*)?"): "YAML 1.1 reads this in base 60: quote the text",
    re.compile(r"[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}([Tt ].*)?"): "YAML 1.1 reads this as a date: quote the text",
    re.compile(r"[-+]?\.(inf|nan)", re.IGNORECASE): "only finite numbers are allowed",
}  # fmt: skip


def scalar(text: str) -> Any:
    """The value of an unquoted YAML scalar.

    Raises:
        ValueError: its meaning differs between YAML versions, or it is not finite.
    """
    if text in _WORDS:
        return _WORDS[text]
    for pattern, problem in _REFUSED.items():
        if pattern.fullmatch(text):
            raise ValueError(problem)
    if _INTEGER.fullmatch(text):
        if len(text) > 20 or not -(2**63) <= int(text) < 2**63:
            raise ValueError("the number is too large: at most 9223372036854775807")
        return int(text)
    if _NUMBER.fullmatch(text):
        number = float(text)
        if number in (float("inf"), float("-inf")):
            raise ValueError("the number is too large: at most 1.8e308")
        return number
    return text
