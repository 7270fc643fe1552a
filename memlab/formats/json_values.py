"""Numbers in JSON: nested, beyond float64, and not finite."""

import json
import math
from collections.abc import Iterator, Mapping
from typing import Any

DEEPEST = 64
"""levels of nesting that are read"""


def flatten(row: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, float]]:
    """The numbers of nested values as `outer.inner`; W&B's own objects and texts are left out."""
    for name, value in row.items():
        if isinstance(value, dict) and "_type" not in value:
            yield from flatten(value, f"{prefix}{name}.")
        elif isinstance(value, int | float):
            yield prefix + name, float_or_inf(value)
        elif value in ("NaN", "Infinity", "-Infinity"):
            yield prefix + name, float(value)


def float_or_inf(value: int | float) -> float:
    """A number of any size; one beyond float64 is infinite."""
    try:
        return float(value)
    except OverflowError:
        return math.inf if value > 0 else -math.inf


def load(text: str) -> Any:
    """The value of a JSON text; bare NaN and Infinity are numbers.

    Raises:
        ValueError: it is no JSON, or nested too deeply.
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
