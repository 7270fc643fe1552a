"""Sweep files by path or name, or a sweep described on the command line."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from pydantic import ValidationError

from memlab.errors import PresetError, nearest
from memlab.preset import load
from memlab.preset.error_text import shown
from memlab.preset.fields import Field, fields, settings_of
from memlab.preset.merge import merged
from memlab.preset.override import change, full_key, overridden, read
from memlab.preset.strict_yaml import Document
from memlab.preset.validate import explained, task_kind
from memlab.sweeps.schema import SweepFile
from memlab.sweeps.value_list import values_of


@dataclass(frozen=True)
class SweepSource:
    """A validated sweep file, where each part of it was written, and its base preset."""

    file: SweepFile
    document: Document
    base: Document
    folder: Path
    """where the base preset's task looks for its files"""


def load_sweep(
    ref: str,
    overrides: Sequence[str] = (),
    *,
    name: str | None = None,
    seeds: int | list[int] | None = None,
) -> SweepSource:
    """The sweep of a file, or of a preset, with `KEY=VALUE` and `KEY=V1,V2` applied.

    One value is an override of the base preset; several make an axis, which replaces an axis of
    the file with the same key.

    Raises:
        PresetError: it is not found, not valid, or an override is not.
    """
    path = find(ref)
    if path is None:
        source = _from_preset(ref)
    else:
        document = load.parsed(path)
        source = _from_document(document, path.parent)
    for override in overrides:
        source = _overridden(source, override)
    for key, value in (("name", name), ("seeds", seeds)):
        if value is not None:
            document = merged(source.document, change(key, value, f"--{key}"))
            source = replace(source, file=_validated(document), document=document)
    return source


def find(ref: str) -> Path | None:
    """The sweep file that `ref` names; None where it can only be a preset.

    Raises:
        PresetError: a path that does not exist, or neither a sweep file nor a preset has the name.
    """
    if Path(ref).suffix in (".yaml", ".yml") or len(Path(ref).parts) > 1:
        path = load.find(ref)
        value = load.parsed(path).value
        is_sweep = isinstance(value, dict) and "base" in value and "task" not in value
        return path if is_sweep else None
    known = names()
    if ref in known:
        return known[ref]
    if ref in (others := load.names()):
        return None
    every = [*known, *others]
    raise PresetError(
        f"there is no sweep file and no preset called {ref!r}",
        allowed=", ".join(known) or "a path to a .yaml file",
        hint=nearest(ref, every) or "`memlab sweep list` and `memlab presets` list them",
    )


def names() -> dict[str, Path]:
    """Names to sweep files; one in the current folder hides a shipped one of the same name."""
    paths: dict[str, Path] = {}
    for folder in (load.HERE, load.SHIPPED):
        for path in sorted((folder / load.SWEEPS).rglob("*.yaml")):
            paths.setdefault(path.stem, path)
    return paths


def _from_preset(ref: str) -> SweepSource:
    path = load.find(ref)
    base = load.read(path)
    name = base.value.get("name") if isinstance(base.value, dict) else None
    values = {"name": name if isinstance(name, str) else path.stem, "base": ref}
    document = Document(values, {(): "command line"})
    return SweepSource(_validated(document), document, base, path.parent)


def _from_document(document: Document, folder: Path) -> SweepSource:
    file = _validated(document)
    where = document.place(("base",))
    try:
        beside = folder / f"{file.base}.yaml"
        path = beside if beside.is_file() else load.find(file.base)
    except PresetError as error:
        error.where = where
        raise
    return SweepSource(file, document, load.read(path), path.parent)


def _validated(document: Document) -> SweepFile:
    if not isinstance(document.value, dict):
        raise PresetError(
            "a sweep file is a mapping from names to values",
            where=document.place(()),
            found=shown(document.value),
            hint="for example `base: grok-add-quick`",
        )
    try:
        return SweepFile.model_validate(document.value)
    except ValidationError as error:
        raise explained(error, document, _settings()) from None


def _settings() -> dict[str, Field]:
    return {field.key: field for field in settings_of(SweepFile)}


def _overridden(source: SweepSource, override: str) -> SweepSource:
    texts = values_of(override.partition("=")[2])
    if len(texts) < 2:
        return replace(source, base=overridden(source.base, override))
    settings = fields(task_kind(source.base.value))
    key = override.partition("=")[0]
    where = f"override {override}"
    full = full_key(key.strip(), settings, where)
    values = [read(f"{key}={text}", settings)[1] for text in texts]
    grid = {**_kept(source.file, full), full: values}
    places = change("grid", {full: values}, where).places
    document = Document(
        {**source.document.value, "grid": grid}, {**source.document.places, **places}
    )
    return replace(source, file=_validated(document), document=document)


def _kept(file: SweepFile, key: str) -> dict[str, list[object]]:
    """The grid of a file without the axis of `key`, which it may call by its last word."""
    return {own: v for own, v in file.grid.items() if own != key and not key.endswith(f".{own}")}
