"""Load a sweep from a file, by path or name, or from command-line overrides of a preset."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from memlab.errors import PresetError, nearest
from memlab.preset import load
from memlab.preset.error_text import shown
from memlab.preset.fields import Field, fields, settings_of
from memlab.preset.merge import merged
from memlab.preset.override import change, full_key, read
from memlab.preset.strict_yaml import Document, Keys
from memlab.preset.validate import explained, task_kind, validated
from memlab.record.runs import runs_folder
from memlab.sweeps.fork_parent import ForkParent, fork_parent
from memlab.sweeps.schema import SweepFile
from memlab.sweeps.value_list import values_of

STARTS = {"base", "from"}
"""A sweep file has exactly one of these keys: what its members start from."""


@dataclass(frozen=True)
class SweepSource:
    """A validated sweep file, its document with line numbers, and what its members start from."""

    file: SweepFile
    document: Document
    base: Document
    """the base preset, or the settings of the parent of forked members"""
    folder: Path | None
    """relative paths in the base preset's task start here; None: its paths are absolute"""
    parent: ForkParent | None = None
    """the parent of forked members"""
    fixed: Mapping[str, Any] = field(default_factory=dict)
    """overrides with one value, already applied to `base`: dotted setting to value"""


def load_sweep(
    ref: str,
    overrides: Sequence[str] = (),
    *,
    name: str | None = None,
    seeds: int | list[int] | None = None,
    runs: Path | None = None,
) -> SweepSource:
    """The sweep of a file or a preset with the overrides `KEY=VALUE` and `KEY=V1,V2` applied.

    `KEY=VALUE` changes the base preset. `KEY=V1,V2` makes an axis and replaces an axis of the file
    with the same key.

    Args:
        ref: path or name of a sweep file or preset.
        runs: folder of the run that members are forked from; None = the default folder.

    Raises:
        PresetError: the sweep does not exist, or it or an override is not valid.
        RunError: the run that members are forked from does not exist, or has no such step.
    """
    path = find(ref)
    if path is None:
        source = _from_preset(ref)
    else:
        document = load.parsed(path)
        source = _from_document(document, path.parent, runs_folder(runs))
    for override in overrides:
        source = _overridden(source, override)
    for key, value in (("name", name), ("seeds", seeds)):
        if value is not None:
            document = merged(source.document, change(key, value, f"--{key}"))
            source = _changed(source, document, runs_folder(runs))
    return source


def from_settings(  # noqa: PLR0913 - the parts of a sweep
    base: Document,
    folder: Path,
    name: str,
    grid: Mapping[str, Sequence[object]],
    seeds: Sequence[int],
    fixed: Mapping[str, object],
) -> SweepSource:
    """A sweep over settings of a preset, without a sweep file.

    Args:
        base: a resolved preset with `fixed` applied.
        folder: relative paths in its task start here.
        name: name of the sweep.
        grid: full dotted keys to values.
        seeds: the seeds of each cell.
        fixed: settings in which `base` differs from the preset that it names.

    Raises:
        PresetError: the description is not valid.
    """
    values = {
        "name": name,
        "base": base.value["name"],
        "grid": {k: list(v) for k, v in grid.items()},
        "seeds": list(seeds),
    }
    places: dict[Keys, str] = {("grid", key): key for key in grid}
    document = Document(values, {(): "settings", **places})
    return SweepSource(_validated(document), document, base, folder, fixed=fixed)


def find(ref: str) -> Path | None:
    """The sweep file with the name or path `ref`; None if it is a preset.

    Raises:
        PresetError: there is neither a sweep file nor a preset with this name or path.
    """
    if Path(ref).suffix in (".yaml", ".yml") or len(Path(ref).parts) > 1:
        path = load.find(ref)
        value = load.parsed(path).value
        is_sweep = isinstance(value, dict) and value.keys() & STARTS and "task" not in value
        return path if is_sweep else None
    known = names()
    if ref in known:
        return known[ref]
    presets = load.names()
    if ref in presets:
        return None
    raise PresetError(
        f"there is no sweep file and no preset called {ref!r}",
        allowed=", ".join(known) or "a path to a .yaml file",
        hint=nearest(ref, [*known, *presets])
        or "`memlab sweep list` and `memlab presets` list them",
    )


def names() -> dict[str, Path]:
    """Names to sweep files; files in the current folder come before shipped files."""
    paths: dict[str, Path] = {}
    for folder in (load.HERE, load.SHIPPED):
        for path in sorted((folder / load.SWEEPS).rglob("*.yaml")):
            paths.setdefault(path.stem, path)
    return paths


def _from_preset(ref: str) -> SweepSource:
    path = load.find(ref)
    base = load.read(path)
    if not isinstance(base.value, dict):
        validated(base)
    name = base.value.get("name")
    values = {"name": name if isinstance(name, str) else path.stem, "base": ref}
    document = Document(values, {(): "command line"})
    return SweepSource(_validated(document), document, base, path.parent)


def _changed(source: SweepSource, document: Document, runs: Path) -> SweepSource:
    """The source with another document and the same base."""
    file = _validated(document)
    parent = source.parent and fork_parent(file, document, runs)
    return replace(source, file=file, document=document, parent=parent)


def _from_document(document: Document, folder: Path, runs: Path) -> SweepSource:
    file = _validated(document)
    parent = fork_parent(file, document, runs)
    if parent is not None:
        settings = parent.settings.model_dump(mode="json")
        base = Document(settings, {(): f"settings of run {parent.run} at step {parent.at}"})
        return SweepSource(file, document, base, None, parent)
    assert file.base is not None
    where = document.place(("base",))
    try:
        sibling = folder / f"{file.base}.yaml"
        path = sibling if sibling.is_file() else load.find(file.base)
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
    settings = fields(task_kind(source.base.value))
    if len(texts) < 2:
        key, value = read(override, settings)
        base = merged(source.base, change(key, value, f"override {override}"))
        return replace(source, base=base, fixed={**source.fixed, key: value})
    key = override.partition("=")[0]
    where = f"override {override}"
    full = full_key(key.strip(), settings, where)
    values = [read(f"{key}={text}", settings)[1] for text in texts]
    grid = {**_grid_without(source.file, full), full: values}
    places = change("grid", {full: values}, where).places
    document = Document(
        {**source.document.value, "grid": grid}, {**source.document.places, **places}
    )
    return replace(source, file=_validated(document), document=document)


def _grid_without(file: SweepFile, key: str) -> dict[str, list[object]]:
    """The grid of a file without the axis of `key`, which the file can abbreviate."""
    return {k: v for k, v in file.grid.items() if k != key and not key.endswith(f".{k}")}
