"""`KEY=VALUE`: one setting changed from the command line.

The key is dotted (`optimizer.lr`); its last word is sufficient if it is unique
(`lr=3e-4`). The value is YAML (`training.loss_on={skip_first: 3}`). Giving `training.steps` removes
`training.epochs` and vice versa; another `task.kind` starts with an empty task.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from memlab.errors import PresetError, nearest
from memlab.preset.error_text import unknown_key
from memlab.preset.fields import Field, fields
from memlab.preset.foreign_names import memlab_key
from memlab.preset.merge import merged
from memlab.preset.strict_yaml import MAX_BYTES, Document, Keys, parse
from memlab.preset.validate import task_kind


def overridden(document: Document, override: str) -> Document:
    """The document with one `KEY=VALUE` applied.

    Raises:
        PresetError: it has no `=`, names no setting, or its value is not YAML.
    """
    key, value = read(override, fields(task_kind(document.value)))
    return merged(document, change(key, value, f"override {override}"))


def read(override: str, settings: Mapping[str, Field]) -> tuple[str, Any]:
    """The full dotted key and the value of one `KEY=VALUE`.

    Raises:
        PresetError: it has no `=`, names no setting, or its value is not YAML.
    """
    where = f"override {override}"
    if len(override) > MAX_BYTES:
        raise PresetError(
            "the override is too long",
            where=f"{where[:60]}...",
            found=f"{len(override):,} characters",
            allowed=f"at most {MAX_BYTES:,}",
        )
    name, equals, text = override.partition("=")
    if not equals:
        raise PresetError(
            "an override is KEY=VALUE", where=where, found=override, hint="for example lr=3e-4"
        )
    key = full_key(name.strip(), settings, where)
    try:
        return key, parse(text.encode("utf-8", "replace"), where).value
    except PresetError as error:
        error.what, error.where = f"{key}: {error.what}", where
        raise


def full_key(name: str, settings: Mapping[str, Field], where: str) -> str:
    """The dotted key that `name` abbreviates: itself, or the only key that ends in it.

    If several match, the one with the shortest path counts: `positions` is `model.positions`, not the member
    of `training.loss_on`.

    Raises:
        PresetError: no setting or several have that name.
    """
    settings = {key: field for key, field in settings.items() if "[]" not in key}
    if name in settings:
        return name
    matches = [key for key, field in settings.items() if field.name == name]
    depth = min((key.count(".") for key in matches), default=0)
    top = [key for key in matches if key.count(".") == depth]
    if len(top) == 1:
        return top[0]
    if matches:
        raise PresetError(f"ambiguous setting {name!r}", where=where, allowed=", ".join(matches))
    group, dot, last = name.rpartition(".")
    if dot and group in settings:
        raise unknown_key((*group.split("."), last), where, settings)
    names = [field.name for field in settings.values()]
    foreign = memlab_key(last)
    raise PresetError(
        f"unknown setting {name!r}",
        where=where,
        found=name,
        allowed=", ".join(key for key, field in settings.items() if field.group) + ", ...",
        hint=f"memlab calls it {foreign}"
        if foreign in settings
        else nearest(name, settings if dot else names) or nearest(last, names),
    )


def change(key: str, value: Any, source: str) -> Document:
    """A document that contains a single setting."""
    for part in reversed(key.split(".")):
        value = {part: value}
    return Document(value, dict.fromkeys(_paths(value, ()), source))


def _paths(value: Any, path: Keys) -> Iterator[Keys]:
    """`path` and all paths below it."""
    yield path
    if isinstance(value, list):
        value = dict(enumerate(value))
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _paths(inner, (*path, key))
