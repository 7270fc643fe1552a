"""Whether what was read from JSON is of the types that are written: a seal can be put on anything."""

from types import UnionType
from typing import Any, get_args, get_origin

Mappings = dict[str, Any]

RUN = {
    "id": str, "created": float, "columns": list[str], "preset_sha256": str, "versions": Mappings,
    "preset": {"name": str, "training": Mappings},
    "check": {"updates": int, "parameters": int, "chance_loss": float | None, "irreducible_loss": float | None},
}  # fmt: skip
LABELS = {"name": str, "tags": list[str], "note": str}
ATTEMPT = {"seq": int, "first_step": int, "threads": int, "device": str, "pid": int}
HEARTBEAT = {"counter": int, "step": int, "state": str}
CROSSING = (None, {"from": int, "to": int, "threshold": float | None, "split": str | None})
END = {
    "reason": str, "step": int, "sha256": dict[str, str],
    "summary": {"final": dict[str, float], "n_spikes": int, "memorized_at": CROSSING, "grokked_at": CROSSING},
}  # fmt: skip
COMMIT = {"step": int, "sha256": dict[str, str]}
COMMAND = {"command": str, "attempt": int, "changes": Mappings, "at": int | None}


def fits(value: Any, shape: Any) -> bool:
    """Whether a value is of a type.

    Of a mapping of types: whether the members that are there are; of several types: whether any is.
    """
    if isinstance(shape, dict):
        return isinstance(value, dict) and all(
            fits(value[name], own) for name, own in shape.items() if name in value
        )
    if isinstance(shape, tuple) or get_origin(shape) is UnionType:
        return any(fits(value, one) for one in get_args(shape) or shape)
    if get_origin(shape) is dict:
        inner = get_args(shape)[1]
        return isinstance(value, dict) and all(fits(item, inner) for item in value.values())
    if get_origin(shape) is list:
        return isinstance(value, list) and all(fits(item, get_args(shape)[0]) for item in value)
    if isinstance(value, bool):
        return shape in (bool, Any)
    if shape is int:
        return isinstance(value, int) and abs(value) < 2**63
    if shape is float:
        return isinstance(value, float) or fits(value, int)
    return shape is Any or (value is None if shape is None else isinstance(value, shape))
