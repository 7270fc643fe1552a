"""Finding and importing plugins."""

import hashlib
import sys
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache, wraps
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any, Literal, final

from memlab.errors import MemlabError, PluginError
from memlab.plugins.folder import is_off, plugin_files, plugin_folder

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

Group = Literal["tasks", "measures"]


@final
@dataclass(frozen=True, eq=False)
class Plugin:
    """An imported plugin."""

    name: str
    group: Group
    members: tuple[object, ...]
    """objects that its module defines"""
    origin: str
    """path of its file, or name and version of its package"""
    files: tuple[Path, ...]
    sha256: str
    """of its file, or of the names and contents of all Python files of its package"""

    def to_json(self) -> dict[str, str]:
        """As `run.json` records it."""
        kind = self.group.removesuffix("s")
        return {"name": self.name, "kind": kind, "origin": self.origin, "sha256": self.sha256}

    def guarded(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """The function, with its exceptions converted to errors that name file and line."""

        @wraps(function)
        def call(*args: Any, **kwargs: Any) -> Any:
            with _plugin_errors(self.name, self.files):
                return function(*args, **kwargs)

        return call


listeners: list[Callable[[Plugin], object]] = []
"""called with each plugin that is imported"""
_loaded: dict[tuple[Group, str, str], Plugin] = {}


def plugin_names(group: Group) -> tuple[str, ...]:
    """Names of the available plugins, determined without importing them."""
    folder = plugin_folder()
    files = plugin_files(folder) if folder else {}
    matching = [name for name, path in files.items() if _seems_to_define(group, path)]
    return tuple(dict.fromkeys([*matching, *_points(group)]))


def load_plugin(group: Group, name: str) -> Plugin | None:
    """The plugin of that name, imported on first use; None if there is none.

    Raises:
        PluginError: it cannot be imported.
    """
    folder = plugin_folder()
    path = plugin_files(folder).get(name) if folder else None
    point = None if path else _points(group).get(name)
    key = (group, name, str(path))
    if path is None and point is None:
        return None
    if key not in _loaded:
        if path is not None:
            plugin = _from_file(group, name, path)
        else:
            assert point is not None
            plugin = _from_package(group, name, point)
        _loaded[key] = plugin
        for listener in listeners:
            listener(plugin)
    return _loaded[key]


def loaded_plugins() -> list[Plugin]:
    """The plugins that this process has imported."""
    return list(_loaded.values())


_PATTERNS = {"tasks": b"(Task)", "measures": b"Measure("}
"""text that occurs in every file that defines a task or a measure"""


def _seems_to_define(group: Group, path: Path) -> bool:
    try:
        return _PATTERNS[group] in path.read_bytes()
    except OSError:
        return False


def _from_file(group: Group, name: str, path: Path) -> Plugin:
    """Import a file. It is read once, so that the hash is that of the executed code."""
    try:
        source = path.read_bytes()
    except OSError as error:
        raise PluginError(f"cannot read plugin {name}: {error.strerror}", where=str(path)) from None
    module = ModuleType(f"memlab_plugin_{name}")
    module.__file__ = str(path)
    with _plugin_errors(name, (path,)):
        code = compile(source, str(path), "exec")
        sys.modules[module.__name__] = module  # pydantic looks up annotations there
        exec(code, module.__dict__)
    digest = hashlib.sha256(source).hexdigest()
    return Plugin(name, group, tuple(vars(module).values()), str(path), (path,), digest)


def _from_package(group: Group, name: str, point: "EntryPoint") -> Plugin:
    """Import what an entry point names: a class, a measure, or a module with one."""
    package = point.module.partition(".")[0]
    files = _files_of(package)
    with _plugin_errors(name, files):
        value = point.load()
    members = tuple(vars(value).values()) if isinstance(value, ModuleType) else (value,)
    digest = hashlib.sha256()
    for path in files:
        inner = "/".join(path.parts[path.parts.index(package) :]) if len(files) > 1 else path.name
        digest.update(f"{inner}\0".encode() + hashlib.sha256(path.read_bytes()).digest())
    origin = f"{point.dist.name} {point.dist.version}" if point.dist else package
    return Plugin(name, group, members, origin, files, digest.hexdigest())


def _files_of(package: str) -> tuple[Path, ...]:
    """The Python files of an installed package, or the one file of a module."""
    spec = find_spec(package)
    if spec is None:
        return ()
    if spec.submodule_search_locations:
        folders = map(Path, spec.submodule_search_locations)
        return tuple(sorted(path for folder in folders for path in folder.rglob("*.py")))
    return (Path(spec.origin),) if spec.origin else ()


@cache
def _installed(group: Group) -> dict[str, "EntryPoint"]:
    from importlib.metadata import entry_points

    return {point.name: point for point in entry_points(group=f"memlab.{group}")}


def _points(group: Group) -> dict[str, "EntryPoint"]:
    return {} if is_off() else _installed(group)


@contextmanager
def _plugin_errors(name: str, files: tuple[Path, ...]) -> Iterator[None]:
    """Convert exceptions of a plugin's code to errors that name file and line."""
    try:
        yield
    except (MemlabError, OSError):
        raise
    except Exception as error:
        raise PluginError(
            f"plugin {name} fails: {type(error).__name__}: {_message(error)}",
            where=_place(error, files),
            hint="correct the plugin; recorded data is kept",
        ) from error


def _message(error: Exception) -> str:
    return error.msg if isinstance(error, SyntaxError) else str(error)


def _place(error: Exception, files: tuple[Path, ...]) -> str:
    """File and line: of a syntax error, else of the innermost frame within the plugin."""
    if isinstance(error, SyntaxError) and error.filename:
        return f"{error.filename}:{error.lineno}"
    own = set(map(str, files))
    frames = [f for f in traceback.extract_tb(error.__traceback__) if f.filename in own]
    return f"{frames[-1].filename}:{frames[-1].lineno}" if frames else ", ".join(sorted(own)[:1])
