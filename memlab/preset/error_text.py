"""Wording of errors: the value found and the remedy."""

from collections.abc import Mapping
from math import isfinite
from typing import Any

from memlab.errors import PresetError, nearest
from memlab.preset.fields import Field, inside
from memlab.preset.foreign_names import memlab_key
from memlab.preset.strict_yaml import Keys


def shown(value: Any) -> str:
    """A value as written in YAML, with its type."""
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    for kind, noun in ((dict, "a mapping"), (list, "a list")):
        if isinstance(value, kind):
            return f"{noun} ({', '.join(map(str, value))})"[:80]
    return f"the text {value!r}"[:80] if isinstance(value, str) else str(value)


def unknown_key(path: Keys, where: str, settings: Mapping[str, Field]) -> PresetError:
    """The error for a key that is not in the schema, with the most similar known key."""
    group = field_key(path[:-1])
    name = str(path[-1])
    siblings = [field.name for field in inside(settings, group)]
    elsewhere = [key for key, field in settings.items() if field.name == name]
    word, colon, rest = name.partition(":")
    foreign = memlab_key(name)
    if colon and rest and word in siblings:
        hint: str | None = f"YAML needs a space after the colon: {word}: {rest.strip()}"
    elif elsewhere:
        hint = f"did you mean {elsewhere[0]}?"
    else:
        hint = f"memlab calls it {foreign}" if foreign in settings else nearest(name, siblings)
    return PresetError(
        f"unknown key {name!r}" + (f" in {dotted(path[:-1])}" if group else ""),
        where=where,
        found=dotted(path),
        allowed=", ".join(siblings) or None,
        hint=hint,
    )


def field_key(path: Keys) -> str:
    """The key in `fields()` for a path in a document."""
    return "".join("[]" if isinstance(part, int) else f".{part}" for part in path).lstrip(".")


def dotted(path: Keys) -> str:
    """A path in dotted form: claims[0].source."""
    return "".join(f"[{p}]" if isinstance(p, int) else f".{p}" for p in path).lstrip(".")


def remedy(value: Any, field: Field | None) -> str | None:
    """How to correct an invalid value, or the help text of the setting."""
    allowed = field.allowed if field else ""
    if isinstance(value, str):
        if "true or false" in allowed and value.lower() in ("yes", "no", "on", "off", "y", "n"):
            return f"write true or false: {value} is text"
        if "number" in allowed and (number := _number(value)) is not None:
            if not isfinite(number):
                return "write a finite number"
            return f"this is text: write {value.replace('_', '')} without quotes or underscores"
        if field and (hint := nearest(value, field.choices)):
            return hint
    if isinstance(value, float) and value.is_integer() and "whole number" in allowed:
        return f"write {int(value)}"
    if field and isinstance(value, list) and "list" not in allowed:
        return "one value, without brackets"
    return field.help if field else None


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None
