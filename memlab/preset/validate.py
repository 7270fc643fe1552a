"""Validation: a document becomes a `Preset` or one clear error."""

from collections.abc import Mapping, Set
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from memlab.errors import PresetError
from memlab.preset.error_text import dotted, field_key, remedy, shown, unknown_key
from memlab.preset.fields import Field, fields
from memlab.preset.schema import BrokenRule, Preset
from memlab.preset.strict_yaml import Document, Keys


def validated(document: Document, folder: Path | None = None) -> Preset:
    """The preset described by `document`; `folder` is where a task looks for its files.

    Raises:
        PresetError: the first error and its position.
    """
    if not isinstance(document.value, dict):
        raise PresetError(
            "a preset is a mapping from names to values",
            where=document.place(()),
            found=shown(document.value),
            hint="for example `name: my-preset`",
        )
    try:
        return Preset.model_validate(document.value, context=folder and {"folder": folder})
    except ValidationError as error:
        raise explained(error, document, fields(task_kind(document.value))) from None


def task_kind(value: Any) -> str | None:
    """The kind of task that an unvalidated preset names, if any."""
    task = value.get("task") if isinstance(value, dict) else None
    kind = task.get("kind") if isinstance(task, dict) else None
    return kind if isinstance(kind, str) else None


def explained(
    error: ValidationError, document: Document, settings: Mapping[str, Field]
) -> PresetError:
    """The most specific of pydantic's errors, reworded; `settings` are those of the schema."""
    located = [(_path(e["loc"], e["type"], document.value), e) for e in error.errors()]
    problems = _without_other_members(located)
    covering = {path[:n] for path, _ in problems for n in range(len(path))}
    path, problem = min(problems, key=lambda p: _priority(p[0], p[1]["type"], covering))
    if problem["type"] == "extra_forbidden":
        return unknown_key(path, document.place(path), settings)
    where = document.place(path)
    field = settings.get(field_key(path))
    if problem["type"] == "missing":
        return PresetError(
            f"{dotted(path)} is missing",
            where=where,
            allowed=field.allowed if field else None,
            hint=field.help if field else None,
        )
    if problem["type"] == "value_error":
        return _broken_rule(path, problem, document)
    value = _at(document.value, path)
    return PresetError(
        f"{dotted(path)} {_COMPLAINTS.get(problem['type'], 'has the wrong type')}",
        where=where,
        found=shown(value),
        allowed=_allowed(field, problem),
        hint=remedy(value, field),
    )


Located = tuple[Keys, Any]
"""A path and pydantic's error at it."""

_COMPLAINTS = {
    "greater_than": "is too small",
    "greater_than_equal": "is too small",
    "less_than": "is too large",
    "less_than_equal": "is too large",
    "string_too_short": "is too short",
    "string_too_long": "is too long",
    "too_short": "has too few items",
    "too_long": "has too many items",
    "literal_error": "is not an allowed value",
}


def _broken_rule(path: Keys, problem: Any, document: Document) -> PresetError:
    """The error of a rule between settings; a `BrokenRule` names the setting to change first."""
    rule = problem["ctx"]["error"]
    if not isinstance(rule, BrokenRule):
        what = f"{dotted(path)}: {rule}" if path else str(rule)
        return PresetError(what, where=document.place(path))
    at = (*path, rule.key)
    value = _at(document.value, at)
    return PresetError(
        f"{dotted(path)}: {rule}",
        where=document.place(at),
        found=None if value is None else shown(value),
        allowed=rule.allowed,
        hint=rule.hint,
    )


def _path(location: tuple[int | str, ...], kind: str, value: Any) -> Keys:
    """pydantic's location without names of union members: only keys that occur in the document."""
    path: Keys = ()
    for i, part in enumerate(location):
        is_item = isinstance(value, list) and isinstance(part, int) and part < len(value)
        if is_item or (isinstance(value, dict) and part in value):
            path, value = (*path, part), value[part]
        elif kind == "missing" and i == len(location) - 1:
            path = (*path, part)
    return path


def _without_other_members(problems: list[Located]) -> list[Located]:
    """Without errors of union members that reject a key which another member accepts."""
    unknown = {path for path, e in problems if e["type"] == "extra_forbidden"}
    accepted = {path for path, e in problems if e["type"] != "extra_forbidden"} & unknown
    groups = {path[:-1] for path in accepted}
    remaining = [
        (path, e)
        for path, e in problems
        if not (e["type"] == "extra_forbidden" and path in accepted)
        and not (e["type"] == "missing" and path[:-1] in groups)
    ]
    return remaining or problems


def _priority(path: Keys, kind: str, covering: Set[Keys]) -> tuple[bool, bool, bool]:
    """Sort key: unknown keys first (they explain missing ones), then the deepest error of a
    union.

    `covering` contains the paths above other errors.
    """
    return (kind != "extra_forbidden", kind == "missing", path in covering)


def _at(value: Any, path: Keys) -> Any:
    """The value at `path`; if the last part is missing, the value of its parent."""
    for part in path:
        if isinstance(value, dict):
            value = value.get(part)
        elif isinstance(value, list) and isinstance(part, int):
            value = value[part]
    return value


def _allowed(field: Field | None, problem: Any) -> str | None:
    if field is None:
        if problem["type"] == "too_short":
            return f"at least {problem['ctx']['min_length']}"
        return str(problem["msg"]).removeprefix("Input should be ")
    return f"{field.allowed} (in {field.unit})" if field.unit else field.allowed
