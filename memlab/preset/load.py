"""Loading of presets by path or name, with `extends` and overrides applied."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from memlab.errors import PresetError, nearest
from memlab.preset.error_text import shown
from memlab.preset.merge import merged
from memlab.preset.override import overridden
from memlab.preset.schema import Preset
from memlab.preset.strict_yaml import MAX_BYTES, Document, parse
from memlab.preset.validate import validated
from memlab.tasks import task_names

SHIPPED = Path(__file__).parent / "shipped"
"""Presets shipped with the package: the project's `presets/` folder."""

SWEEPS = "sweeps"
"""The folder of sweep files within a folder of presets."""

HERE = Path("presets")
"""Folder of user presets, below the current folder."""


@dataclass(frozen=True)
class Available:
    """A preset available by name, or the error that prevents loading it."""

    name: str
    path: Path
    preset: Preset | None
    problem: PresetError | None = None

    @property
    def about(self) -> str:
        return self.preset.about if self.preset else ""

    @property
    def folder(self) -> str:
        """Display name of its folder."""
        return folder_of(self.path)


def load(ref: str, overrides: Sequence[str] = ()) -> Preset:
    """The preset at a path, or of a bare name, with `KEY=VALUE` overrides applied in order.

    Raises:
        PresetError: it is not found, not unique, or not valid.
    """
    path = find(ref)
    document = read(path)
    for override in overrides:
        document = overridden(document, override)
    return validated(document, path.parent)


def read(path: Path) -> Document:
    """The document in a preset's file, merged with the one that it extends; not validated.

    Raises:
        PresetError: it cannot be read, or is not strict YAML.
    """
    return _extended(parsed(path), path.parent)


def from_json(values: dict[str, Any], source: str = "run.json") -> Preset:
    """A resolved preset from plain JSON values, as stored in a run.

    Raises:
        PresetError: this version's schema does not accept it.
    """
    return validated(Document(values, {(): source}))


def find(ref: str) -> Path:
    """The file of a preset: a path, or a name in `./presets/`, else among the shipped presets.

    Raises:
        PresetError: no preset, or several, have that name.
    """
    if Path(ref).suffix in (".yaml", ".yml") or len(Path(ref).parts) > 1:
        if _is_file(Path(ref)):
            return Path(ref)
        hint = nearest(Path(ref).stem, names())
        raise PresetError("preset file not found", where=ref, hint=hint)
    for folder in _folders():
        matches = [path for path in _files(folder) if path.stem == ref and _is_file(path)]
        if len(matches) == 1:
            return matches[0]
        if matches:
            raise PresetError(
                f"ambiguous preset name {ref!r}",
                found=", ".join(map(str, matches)),
                hint="give the path",
            )
    paths = names()
    raise PresetError(
        f"unknown preset {ref!r}",
        allowed=", ".join(paths) or "a path to a .yaml file",
        hint=_task_hint(ref) or nearest(ref, paths) or "`memlab presets` lists them",
    )


def _task_hint(ref: str) -> str | None:
    """How to train a task, where its name was given as the name of a preset."""
    is_task = ref in task_names()
    return f"{ref} is a task: `memlab run quickstart task.kind={ref}`" if is_task else None


def available() -> list[Available]:
    """All presets available by name; those in ./presets come before the shipped ones."""
    presets = []
    for name, path in names().items():
        try:
            presets.append(Available(name, path, load(str(path))))
        except PresetError as problem:
            presets.append(Available(name, path, None, problem))
    return presets


def folder_of(path: Path) -> str:
    """Display name of a preset's folder: presets/mine for local presets, shipped/quick for others."""
    for root, name in ((HERE, "presets"), (SHIPPED, "shipped")):
        if path.is_relative_to(root):
            return "/".join([name, *path.parent.relative_to(root).parts])
    return str(path.parent)


def _files(folder: Path) -> list[Path]:
    """The preset files below a folder, without the sweep files in its subfolder `sweeps`."""
    return sorted(p for p in folder.rglob("*.yaml") if p.relative_to(folder).parts[0] != SWEEPS)


def _folders() -> list[Path]:
    return [folder for folder in (HERE, SHIPPED) if folder.is_dir()]


def names() -> dict[str, Path]:
    """Names to files; a preset in the current folder hides a shipped one of the same name."""
    paths: dict[str, Path] = {}
    for folder in _folders():
        for path in _files(folder):
            paths.setdefault(path.stem, path)
    return paths


def _is_file(path: Path) -> bool:
    """Whether `path` is a regular file; opening a pipe would block, and the name may be too long."""
    try:
        return path.is_file()
    except OSError:
        return False


def parsed(path: Path) -> Document:
    """The document in a file, before `extends` is applied.

    Raises:
        PresetError: it cannot be read, or is not strict YAML.
    """
    try:
        with path.open("rb") as file:
            return _parsed(file.read(MAX_BYTES + 1), str(path))
    except OSError as error:
        raise PresetError(f"cannot read the preset: {error.strerror}", where=str(path)) from None


# Cached: many presets share one base, and all presets are listed repeatedly.
_parsed = lru_cache(maxsize=128)(parse)


def _extended(document: Document, folder: Path) -> Document:
    """The document merged over the one named by `extends`; one level only."""
    under = _base(document, folder)
    if under is None:
        return document
    own = {key: value for key, value in document.value.items() if key != "extends"}
    return merged(under, Document(own, document.places))


def _base(document: Document, folder: Path) -> Document | None:
    if not isinstance(document.value, dict) or "extends" not in document.value:
        return None
    name, where = document.value["extends"], document.place(("extends",))
    if not isinstance(name, str) or not name or len(Path(name).parts) > 1:
        raise PresetError(
            "extends names another preset", where=where, found=shown(name), allowed="a bare name"
        )
    sibling = folder / f"{name}.yaml"
    base = parsed(sibling if _is_file(sibling) else _found(name, where))
    if isinstance(base.value, dict) and "extends" in base.value:
        raise PresetError(
            f"{name} extends another preset itself",
            where=where,
            found=f"{name} extends {base.value['extends']}",
            hint=f"extend {base.value['extends']} and state what {name} changes",
        )
    return base


def _found(name: str, where: str) -> Path:
    try:
        return find(name)
    except PresetError as error:
        error.where = where
        raise
