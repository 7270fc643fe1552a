"""From a document to a `Preset`, or to one error that a newcomer understands."""

import difflib
from collections.abc import Iterable, Mapping
from typing import Any

from pydantic import ValidationError

from memlab.errors import PresetError
from memlab.preset.fields import Field, fields, inside
from memlab.preset.schema import Preset
from memlab.preset.text import Document, Path


def validated(document: Document) -> Preset:
    """The preset that `document` describes.

    Raises:
        PresetError: the first thing that is wrong with it, and where it was written.
    """
    if not isinstance(document.value, dict):
        raise PresetError(
            "a preset is a mapping from names to values",
            where=document.place(()),
            found=shown(document.value),
            hint="for example `name: my-preset`",
        )
    try:
        return Preset.model_validate(document.value)
    except ValidationError as error:
        raise _explained(error, document) from None


def task_kind(value: Any) -> str | None:
    """The kind of task that an unvalidated preset names, if it does."""
    task = value.get("task") if isinstance(value, dict) else None
    kind = task.get("kind") if isinstance(task, dict) else None
    return kind if isinstance(kind, str) else None


def nearest(name: str, known: Iterable[str]) -> str | None:
    """A hint that names the most similar known name, if one is similar."""
    names = list(known)
    matches = difflib.get_close_matches(name, names, n=1, cutoff=0.6)
    matches += [longer for longer in names if name and longer.startswith(name)]
    return f"did you mean {matches[0]}?" if matches else None


def shown(value: Any) -> str:
    """A value as a person wrote it, with its type."""
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    for kind, noun in ((dict, "a mapping"), (list, "a list")):
        if isinstance(value, kind):
            return f"{noun} ({', '.join(map(str, value))})"[:80]
    return f"the text {value!r}"[:80] if isinstance(value, str) else str(value)


def _explained(error: ValidationError, document: Document) -> PresetError:
    """The most telling of pydantic's errors, in our words."""
    problems = [(_path(e["loc"], e["type"], document.value), e) for e in error.errors()]
    path, problem = min(problems, key=lambda p: _urgency(p[0], p[1]["type"], problems))
    known = fields(task_kind(document.value))
    if problem["type"] == "extra_forbidden":
        return unknown_key(path, document.place(path), known)
    where = document.place(path)
    field = known.get(field_key(path))
    if problem["type"] == "missing":
        return PresetError(
            f"{_dotted(path)} is missing",
            where=where,
            allowed=field.allowed if field else None,
            hint=field.help if field else None,
        )
    if problem["type"] == "value_error":
        return _broken_rule(path, problem, document)
    found = _at(document.value, path)
    return PresetError(
        f"{_dotted(path)} {_COMPLAINTS.get(problem['type'], 'is not of the right kind')}",
        where=where,
        found=shown(found),
        allowed=_allowed(field, path, problem),
        hint=_hint(found, field),
    )


_COMPLAINTS = {
    "greater_than": "is too small",
    "greater_than_equal": "is too small",
    "less_than": "is too large",
    "less_than_equal": "is too large",
    "string_too_short": "is too short",
    "string_too_long": "is too long",
    "too_short": "has too few items",
    "too_long": "has too many items",
    "literal_error": "is not one of the known words",
}


def unknown_key(path: Path, where: str, known: Mapping[str, Field]) -> PresetError:
    """The error for a key that is not in the schema, with the nearest one that is."""
    group = field_key(path[:-1])
    name = str(path[-1])
    siblings = [field.name for field in inside(known, group)]
    elsewhere = [key for key, field in known.items() if field.name == name]
    hint = f"did you mean {elsewhere[0]}?" if elsewhere else nearest(name, siblings)
    return PresetError(
        f"unknown key {name!r}" + (f" in {_dotted(path[:-1])}" if group else ""),
        where=where,
        found=_dotted(path),
        allowed=", ".join(siblings) or None,
        hint=hint,
    )


def _broken_rule(path: Path, problem: Any, document: Document) -> PresetError:
    """A rule between settings: the schema's `Broken` says which of them to look at."""
    rule = problem["ctx"]["error"]
    key = getattr(rule, "key", None)
    at = (*path, key) if key else path
    return PresetError(
        f"{_dotted(path)}: {rule}" if path else str(rule),
        where=document.place(at),
        found=shown(_at(document.value, at)) if key else None,
        allowed=getattr(rule, "allowed", None),
        hint=getattr(rule, "hint", None),
    )


def _path(location: tuple[int | str, ...], kind: str, value: Any) -> Path:
    """pydantic's location without its names of union members: only keys that are there."""
    path: Path = ()
    for i, part in enumerate(location):
        is_item = isinstance(value, list) and isinstance(part, int) and part < len(value)
        if is_item or (isinstance(value, dict) and part in value):
            path, value = (*path, part), value[part]
        elif kind == "missing" and i == len(location) - 1:
            path = (*path, part)
    return path


def _urgency(path: Path, kind: str, problems: list[Any]) -> tuple[bool, bool, bool]:
    """Unknown keys first (they explain what is missing), then the deepest of a union's errors."""
    covers_another = any(p != path and p[: len(path)] == path for p, _ in problems)
    return (kind != "extra_forbidden", kind == "missing", covers_another)


def _at(value: Any, path: Path) -> Any:
    """The value at `path`; where the last part is missing, what stands there instead of it."""
    for part in path:
        if isinstance(value, dict):
            value = value.get(part)
        elif isinstance(value, list) and isinstance(part, int):
            value = value[part]
    return value


def field_key(path: Path) -> str:
    """The key in `fields()` of what stands at a path of a document."""
    return "".join("[]" if isinstance(part, int) else f".{part}" for part in path).lstrip(".")


def _dotted(path: Path) -> str:
    return "".join(f"[{p}]" if isinstance(p, int) else f".{p}" for p in path).lstrip(".")


def _allowed(field: Field | None, path: Path, problem: Any) -> str | None:
    if field is None:
        return str(problem["msg"]).removeprefix("Input should be ")
    return f"{field.allowed}{f' ({field.unit})' if field.unit else ''}"


def _hint(found: Any, field: Field | None) -> str | None:
    allowed = field.allowed if field else ""
    if isinstance(found, str):
        if "true or false" in allowed and found.lower() in ("yes", "no", "on", "off", "y", "n"):
            return f"write true or false: {found} is text"
        if "number" in allowed and _is_number(found):
            return f"this is text: write {found.replace('_', '')} without quotes or underscores"
        if field and (hint := nearest(found, field.choices)):
            return hint
    if isinstance(found, float) and found.is_integer() and "whole number" in allowed:
        return f"write {int(found)}"
    if isinstance(found, list) and "list" not in allowed:
        return "one value, without brackets"
    return field.help if field else None


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
