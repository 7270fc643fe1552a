"""Conversion of declared types to JSON Schema."""

import inspect
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from types import UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

DRAFT = "https://json-schema.org/draft/2020-12/schema"
Schema = dict[str, Any]
_PLAIN = {str: "string", int: "integer", bool: "boolean", type(None): "null", None: "null"}


def schema_of(shape: Any) -> Schema:
    """The schema of the JSON values of a type.

    A dict is an object with these keys and no others: `"key?"` may be missing, `"*"` stands for all
    further keys. `[shape]` is a list. A dataclass is an object with its fields, a union or a tuple means any of its
    members. A float may be null: JSON has neither NaN nor infinity.
    """
    if shape is Any:
        return {}
    if shape is float:
        return {"type": ["number", "null"]}
    if shape is None or (isinstance(shape, type) and shape in _PLAIN):
        return {"type": _PLAIN[shape]}
    if isinstance(shape, Mapping):
        return _object(shape)
    if isinstance(shape, list):
        return {"type": "array", "items": schema_of(*shape)}
    if is_dataclass(shape) and isinstance(shape, type):
        return {"description": summary_of(shape)} | _object(types_of(shape))
    if isinstance(shape, tuple) or get_origin(shape) in (UnionType, Union):
        members = shape if isinstance(shape, tuple) else get_args(shape)
        return {"anyOf": [schema_of(member) for member in members]}
    return _generic(get_origin(shape) or shape, get_args(shape))


def types_of(cls: type) -> dict[str, Any]:
    """The types of a dataclass's fields."""
    hints = get_type_hints(cls)
    return {field.name: hints[field.name] for field in fields(cls)}


def summary_of(cls: type) -> str:
    """The first line of a class's docstring."""
    return (inspect.getdoc(cls) or "").partition("\n")[0]


def _generic(origin: Any, arguments: tuple[Any, ...]) -> Schema:
    """The schema of a list, a mapping or a choice of words.

    Raises:
        TypeError: no JSON value is of this type.
    """
    if origin is Literal:
        return {"enum": list(arguments)}
    if origin is list:
        return {"type": "array", "items": schema_of(arguments[0])}
    if origin is dict:
        values = {"additionalProperties": schema_of(arguments[1])} if arguments else {}
        return {"type": "object"} | values
    raise TypeError(f"{origin} has no JSON Schema")


def _object(members: Mapping[str, Any]) -> Schema:
    named = {key: shape for key, shape in members.items() if key != "*"}
    return {
        "type": "object",
        "properties": {key.removesuffix("?"): schema_of(shape) for key, shape in named.items()},
        "required": [key for key in named if not key.endswith("?")],
        "additionalProperties": schema_of(members["*"]) if "*" in members else False,
    }
