"""The folder of plugin files, which `MEMLAB_PLUGINS` names, so that started processes see it too."""

import os
from pathlib import Path

from memlab.errors import MemlabError

VARIABLE = "MEMLAB_PLUGINS"
OFF = "off"
"""value of the variable with which no plugin is loaded, not even an installed one"""


def is_off() -> bool:
    """Whether plugins are turned off."""
    return os.environ.get(VARIABLE) == OFF


def plugin_folder() -> Path | None:
    """The folder of plugin files, if there is one."""
    name = os.environ.get(VARIABLE)
    return None if not name or name == OFF else Path(name)


def use_folder(path: Path) -> None:
    """Load plugins from a folder from now on, in this process and in those that it starts.

    Raises:
        MemlabError: there is no such folder.
    """
    if not path.is_dir():
        raise MemlabError("no folder of plugins", where=str(path), allowed="a folder of .py files")
    os.environ[VARIABLE] = str(path.absolute())


def plugin_files(folder: Path) -> dict[str, Path]:
    """The Python files of a folder by name; tests and private files are no plugins."""
    return {
        path.stem: path
        for path in sorted(folder.glob("*.py"))
        if path.stem.isidentifier() and not path.stem.startswith(("_", "test_", "conftest"))
    }
