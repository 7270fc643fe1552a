"""Type checks of values read from JSON: a valid seal does not imply valid types."""

from collections.abc import Callable
from types import UnionType
from typing import Any, get_args, get_origin

Check = Callable[[Any], bool]


def shape(hint: Any) -> Check:
    """A function that checks whether a value has a type; built once, then fast.

    For a mapping of types, the existing members are checked; for a union, any type may match.
    """
    if isinstance(hint, dict):
        return _members({name: shape(own) for name, own in hint.items()})
    if isinstance(hint, tuple) or get_origin(hint) is UnionType:
        options = [shape(one) for one in get_args(hint) or hint]
        return lambda value: any(fits(value) for fits in options)
    if get_origin(hint) is dict and get_args(hint)[1] is not Any:
        inner = shape(get_args(hint)[1])
        return lambda value: isinstance(value, dict) and all(map(inner, value.values()))
    if get_origin(hint) is list:
        inner = shape(get_args(hint)[0])
        return lambda value: isinstance(value, list) and all(map(inner, value))
    own = {
        Any: lambda value: True,
        None: lambda value: value is None,
        int: _is_int,
        float: _is_float,
    }
    plain = get_origin(hint) or hint
    return own[hint] if hint in own else lambda value: isinstance(value, plain)


def _members(known: dict[str, Check]) -> Check:
    return lambda value: (
        isinstance(value, dict)
        and all(fits(value[name]) for name, fits in known.items() if name in value)
    )


def _is_int(value: Any) -> bool:
    return type(value) is int and -(2**63) < value < 2**63


def _is_float(value: Any) -> bool:
    return type(value) is float or _is_int(value)


ANYTHING = shape(Any)
_CROSSING = (None, {"from": int, "to": int, "threshold": float | None, "split": str | None})

RUN = shape({
    "id": str, "created": float, "columns": list[str], "preset_sha256": str, "versions": dict,
    "preset": {"name": str, "training": dict}, "requires": list[str], "config": dict,
    "source": (None, {"path": str, "format": str}),
    "check": {
        "updates": int, "parameters": int, "chance_loss": float | None, "irreducible_loss": float | None,
        "examples": dict[str, int],
    },
    "fork": {"run": str, "step": int},
    "init": {"path": str, "format": str},
})  # fmt: skip
LABELS = shape({"name": str, "tags": list[str], "note": str})
ATTEMPT = shape({"seq": int, "first_step": int, "threads": int, "device": str, "pid": int})
HEARTBEAT = shape({"counter": int, "step": int, "state": str})
END = shape({
    "reason": str, "step": int, "rows": int, "sha256": dict[str, str],
    "summary": {"final": dict[str, float], "n_spikes": int, "memorized_at": _CROSSING, "grokked_at": _CROSSING},
})  # fmt: skip
COMMIT = shape({"step": int, "sha256": dict[str, str]})
COMMAND = shape({"command": str, "attempt": int, "changes": dict, "at": int | None})
