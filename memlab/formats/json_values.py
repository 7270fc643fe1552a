"""Numbers in JSON: nested, out of the range of float64, or not finite."""

import json
import math
from collections.abc import Iterator, Mapping
from typing import Any

DEEPEST = 64
"""maximum number of nesting levels"""


def flatten(row: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, float]]:
    """The numbers in nested values, named `outer.inner`; W&B media objects and texts are omitted."""
    for name, value in row.items():
        if isinstance(value, dict) and "_type" not in value:
            yield from flatten(value, f"{prefix}{name}.")
        elif isinstance(value, int | float):
            yield prefix + name, float_or_inf(value)
        elif value in ("NaN", "Infinity", "-Infinity"):
            yield prefix + name, float(value)


def float_or_inf(value: int | float) -> float:
    """`value` as a float; infinite if it is out of range."""
    try:
        return float(value)
    except OverflowError:
        return math.inf if value > 0 else -math.inf


def load(text: str) -> Any:
    """The value of a JSON text; bare NaN and Infinity are numbers.

    Raises:
        ValueError: it is not JSON, or nested too deeply.
    """
    try:
        value = json.loads(text)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None
    if text.count("{") + text.count("[") > DEEPEST and _is_deep(value):
        raise ValueError("it is nested too deeply")
    return value


def _is_deep(value: Any) -> bool:
    """Whether a value has more than `DEEPEST` levels."""
    level = [value]
    for _ in range(DEEPEST):
        inner: list[Any] = []
        for one in level:
            if isinstance(one, dict | list):
                inner += one.values() if isinstance(one, dict) else one
        level = inner
    return bool(level)
