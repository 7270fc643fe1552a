"""Folders for the user's own data outside of any run, as the operating system names them.

On Linux these are `~/.cache/memlab` and `~/.local/state/memlab`, or the folders that
`$XDG_CACHE_HOME` and `$XDG_STATE_HOME` name.
"""

from pathlib import Path

from platformdirs import user_cache_path, user_state_path


def cache_folder() -> Path | None:
    """Folder for data that can be recomputed; None without a home folder."""
    return _absolute(user_cache_path("memlab", False))


def state_folder() -> Path | None:
    """Folder for the state of the console; None without a home folder."""
    return _absolute(user_state_path("memlab", False))


def _absolute(path: Path) -> Path | None:
    return path if path.is_absolute() else None
