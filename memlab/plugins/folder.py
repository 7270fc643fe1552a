"""The folder of plugin files, in the variable `MEMLAB_PLUGINS`, which child processes inherit."""

import os
from pathlib import Path

from memlab.errors import MemlabError

VARIABLE = "MEMLAB_PLUGINS"
OFF = "off"
"""value of the variable that disables all plugins, installed ones included"""


def is_off() -> bool:
    """Whether plugins are disabled."""
    return os.environ.get(VARIABLE) == OFF


def plugin_folder() -> Path | None:
    """The folder of plugin files, if there is one."""
    name = os.environ.get(VARIABLE)
    return None if not name or name == OFF else Path(name)


def use_folder(path: Path) -> None:
    """Load plugins from a folder, in this process and its child processes.

    Raises:
        MemlabError: there is no such folder.
    """
    if not path.is_dir():
        raise MemlabError(
            "plugin folder not found", where=str(path), allowed="a folder of .py files"
        )
    os.environ[VARIABLE] = str(path.absolute())


def plugin_files(folder: Path) -> dict[str, Path]:
    """The plugin files of a folder by name: Python files except tests and private ones."""
    return {
        path.stem: path
        for path in sorted(folder.glob("*.py"))
        if path.stem.isidentifier() and not path.stem.startswith(("_", "test_", "conftest"))
    }
