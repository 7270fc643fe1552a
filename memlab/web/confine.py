"""Limits on what the process of a tab may do, whatever the person at the browser types.

They are enforced by an audit hook (PEP 578): Python calls it before it opens a file, changes a
folder, starts a program or connects to anything, and nothing can remove it. So a console that only
shows runs cannot change one, by a key that exists today or by one that is added later.
"""

import errno
import os
import re
import sys
import sysconfig
from collections.abc import Callable, Collection, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any, final

FORBIDDEN = "not allowed in a browser tab"
_ALWAYS = re.compile(r"/dev/(null|urandom)|/proc/[0-9]+/stat")
"""Files outside of all folders that are read: the last says whether a trainer is alive."""
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND


@final
class Limits:
    """Which files a process may read and write, and which programs it may start."""

    def __init__(
        self,
        *,
        readable: Collection[Path],
        writable: Collection[Path],
        programs: Collection[Sequence[str]],
    ) -> None:
        """
        Args:
            readable: folders, next to those that Python imports from.
            writable: folders, which are readable too.
            programs: the first words of command lines that may be started.
        """
        self._writable = tuple(os.path.realpath(folder) for folder in writable)
        folders = (*_imported_from(), *map(str, readable))
        self._readable = (*self._writable, *(os.path.realpath(folder) for folder in folders))
        self._programs = [tuple(words) for words in programs]
        self._checks: dict[str, Callable[..., None]] = {
            "open": self._open,
            "os.listdir": self._read,
            "os.scandir": self._read,
            "subprocess.Popen": self._start,
            **dict.fromkeys(_CHANGES_ONE, self._change),
            **dict.fromkeys(_CHANGES_TWO, self._change_both),
            **dict.fromkeys(_NEVER, _refuse),
        }

    def hook(self, event: str, arguments: tuple[Any, ...]) -> None:
        """The audit hook.

        Raises:
            PermissionError: the process may not do this.
        """
        if check := self._checks.get(event):
            check(*arguments)

    def _open(self, path: Any, mode: str | None, flags: int) -> None:
        if flags & _WRITING and path != os.devnull:
            self._change(path)
        else:
            self._read(path)

    def _read(self, path: Any, *_: Any) -> None:
        # A number is a file that is open already; None is the current folder.
        if isinstance(path, str | bytes | os.PathLike):
            name = _real(os.path.abspath(os.fsdecode(path)))
            if not (_is_below(name, self._readable) or _ALWAYS.fullmatch(name)):
                _refuse(path)

    def _change(self, path: Any, *_: Any) -> None:
        if not isinstance(path, str | bytes | os.PathLike):
            _refuse(path)
        if not _is_below(_real(os.path.abspath(os.fsdecode(path))), self._writable):
            _refuse(path)

    def _change_both(self, source: Any, target: Any, *_: Any) -> None:
        self._change(source)
        self._change(target)

    def _start(self, executable: Any, words: Any, *_: Any) -> None:
        given = tuple(map(str, words)) if isinstance(words, list | tuple) else ()
        if not any(given[: len(first)] == first for first in self._programs):
            _refuse(executable)


def confine(limits: Limits) -> None:
    """Hold this process to limits from now on, for good."""
    sys.dont_write_bytecode = True
    sys.addaudithook(limits.hook)


_CHANGES_ONE = (
    "os.chmod", "os.chown", "os.mkdir", "os.remove", "os.removexattr", "os.rmdir", "os.setxattr",
    "os.truncate", "os.utime",
)  # fmt: skip
_CHANGES_TWO = ("os.link", "os.rename", "os.symlink")
_NEVER = (
    "os.exec", "os.fork", "os.forkpty", "os.kill", "os.killpg", "os.posix_spawn", "os.spawn",
    "os.system", "pty.spawn", "socket.bind", "socket.connect", "socket.sendmsg", "socket.sendto",
    "sqlite3.connect", "webbrowser.open",
)  # fmt: skip


def _refuse(what: object = None, *_: object) -> None:
    name = os.fsdecode(what) if isinstance(what, str | bytes | os.PathLike) else None
    raise PermissionError(errno.EACCES, FORBIDDEN, name)


def _imported_from() -> set[str]:
    """Folders of Python's library, of packages and of this program with its data."""
    paths = {sysconfig.get_path(name) for name in ("stdlib", "platstdlib", "purelib", "platlib")}
    package = Path(__file__).parents[1]
    return paths | {str(package), str(package / "preset" / "shipped")}


def _is_below(path: str, folders: Collection[str]) -> bool:
    return any(path == folder or path.startswith(f"{folder}{os.sep}") for folder in folders)


def _real(path: str) -> str:
    """An absolute path without links; runs are opened often, so their folders are remembered."""
    if os.path.islink(path):
        return os.path.realpath(path)
    folder, name = os.path.split(path)
    return os.path.join(_real_folder(folder), name)


@lru_cache(maxsize=4096)
def _real_folder(path: str) -> str:
    return os.path.realpath(path)
