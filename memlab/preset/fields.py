"""Every setting of a preset by its dotted key: help, unit, default, allowed values.

Derived from the schema. Overrides, error messages, edits and the console's form use it; validation
of values is done by the schema.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

from memlab.preset.schema import Preset
from memlab.settings import Settings
from memlab.tasks import task_class, task_names
from memlab.tasks.task import Task


@dataclass(frozen=True)
class Field:
    """One setting, or a group of settings."""

    key: str
    """dotted: "optimizer.lr"; below a list "claims[].source", which only a file can state"""
    help: str
    allowed: str
    """in words: "a number above 0, or null" """
    default: Any = None
    required: bool = False
    unit: str | None = None
    live: bool = False
    """may be edited while the run trains"""
    choices: tuple[str, ...] = ()
    """accepted words; `allowed` may list further values"""
    group: bool = False
    """a group: contains settings and has no value of its own"""

    @property
    def name(self) -> str:
        """The last word of the key."""
        return self.key.rpartition(".")[2]


def fields(task: str | None = None) -> Mapping[str, Field]:
    """The settings of a preset in the order of the schema, with those of its kind of task."""
    return _fields(task_class(task) if task else None, task_names())


@cache
def _fields(task: type[Task] | None, words: tuple[str, ...]) -> Mapping[str, Field]:
    all_fields: dict[str, Field] = {}
    for field in settings_of(Preset):
        all_fields[field.key] = field
        if field.key == "task.kind":
            all_fields[field.key] = replace(
                field, help="Task and its data.", allowed=", ".join(words), choices=words
            )
            if task is not None:
                own = settings_of(task, "task.")
                all_fields |= {field.key: field for field in own if field.key not in all_fields}
    return all_fields


def live_keys() -> frozenset[str]:
    """The settings that may be edited while a run trains."""
    return frozenset(key for key, field in fields().items() if field.live)


def inside(settings: Mapping[str, Field], group: str) -> list[Field]:
    """The settings directly below `group`; "" is the preset itself."""
    return [field for key, field in settings.items() if key.rpartition(".")[0] == group]


def settings_of(cls: type[Settings], prefix: str = "") -> Iterator[Field]:
    """The settings of a group, nested ones included, in the order of the schema."""
    schema = cls.model_json_schema()
    return _walk(schema, schema.get("$defs", {}), prefix)


def _walk(schema: Any, defs: Mapping[str, Any], prefix: str) -> Iterator[Field]:
    """The properties of an object schema, each followed by its nested settings."""
    for name, own in schema.get("properties", {}).items():
        key = prefix + name
        yield Field(
            key=key,
            help=own.get("description", ""),
            allowed=_allowed(own, defs),
            default=own.get("default"),
            required=name in schema.get("required", ()),
            unit=own.get("unit"),
            live=own.get("live", False),
            choices=tuple(_choices(own)),
            group="$ref" in own,
        )
        for option in own.get("anyOf", [own]):
            yield from _below(option, defs, key)


def _below(schema: Any, defs: Mapping[str, Any], key: str) -> Iterator[Field]:
    """The settings inside a mapping, or inside each item of a list."""
    if "$ref" in schema:
        yield from _walk(_target(schema, defs), defs, f"{key}.")
    elif schema.get("additionalProperties"):
        inner = _allowed(schema["additionalProperties"], defs)
        for name in _choices(schema.get("propertyNames", {})):
            yield Field(f"{key}.{name}", f"The entry for {name}.", inner)
    elif "items" in schema:
        yield Field(f"{key}[]", "One item of the list.", _allowed(schema["items"], defs))
        yield from _below(schema["items"], defs, f"{key}[]")


def _target(schema: Any, defs: Mapping[str, Any]) -> Any:
    return defs[schema["$ref"].rpartition("/")[2]]


def _choices(schema: Any) -> Iterator[str]:
    for option in schema.get("anyOf", [schema]):
        yield from option.get("enum", [option["const"]] if "const" in option else [])


def _allowed(schema: Any, defs: Mapping[str, Any]) -> str:
    """The values that a JSON schema accepts, as text."""
    if schema is True or not schema.keys() & _TYPED:
        return "any value"
    if "anyOf" in schema:
        *first, last = (_allowed(option, defs) for option in schema["anyOf"])
        return f"{', '.join(first)}, or {last}"
    if "$ref" in schema:
        names = _target(schema, defs).get("properties", {})
        return f"a mapping with {', '.join(names)}"
    if choices := list(_choices(schema)):
        return ", ".join(choices)
    kind = schema.get("type", "")
    if kind == "array":
        of = _allowed(schema["items"], defs)
        return f"a list, each {of}{_limits(schema, ' items', 'Items')}"
    if kind == "object":
        names = ", ".join(_choices(schema.get("propertyNames", {}))) or "names"
        return f"a mapping from {names} to {_allowed(schema['additionalProperties'], defs)}"
    noun = _NOUNS[kind]
    return noun + (_limits(schema, " characters", "Length") if kind == "string" else _range(schema))


_TYPED = {"$ref", "anyOf", "const", "enum", "type"}
"""a JSON schema has one of these keys, unless it accepts any value"""

_NOUNS: Mapping[str, str] = {
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "string": "text",
    "null": "null",
}


def _range(schema: Any) -> str:
    if "minimum" in schema and "maximum" in schema:
        return f" from {schema['minimum']} to {schema['maximum']}"
    bounds = [f"{word} {schema[name]}" for name, word in _BOUNDS.items() if name in schema]
    return " " + " and ".join(bounds) if bounds else ""


_BOUNDS = {
    "minimum": "at least",
    "exclusiveMinimum": "above",
    "maximum": "at most",
    "exclusiveMaximum": "below",
}


def _limits(schema: Any, unit: str, name: str) -> str:
    low, high = schema.get(f"min{name}", 0), schema.get(f"max{name}")
    if low and high:
        return f", {low}{unit}" if low == high else f", {low} to {high}{unit}"
    if high:
        return f", at most {high}{unit}"
    return f", at least {low}{unit}" if low else ""
