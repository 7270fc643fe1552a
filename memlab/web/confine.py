"""Restricts what the process of a browser tab may do, whatever the user types.

An audit hook (PEP 578) enforces the limits: Python calls it before opening a file, changing a
folder, starting a program or connecting to a socket, and it cannot be removed. A read-only console
therefore cannot change a run, whichever keys it has.
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
"""Readable files outside of all folders; `stat` shows whether a training process is alive."""
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
            readable: folders, in addition to those that Python imports from.
            writable: folders, which are also readable.
            programs: prefixes of the command lines that may be started.
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
            **dict.fromkeys(_EVENTS_WITH_PATH, self._change),
            **dict.fromkeys(_EVENTS_WITH_TWO_PATHS, self._change_both),
            **dict.fromkeys(_FORBIDDEN_EVENTS, _refuse),
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
        # An integer is an open file; None is the current folder.
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
        command = tuple(map(str, words)) if isinstance(words, list | tuple) else ()
        if not any(command[: len(prefix)] == prefix for prefix in self._programs):
            _refuse(executable)


def confine(limits: Limits) -> None:
    """Enforce limits on this process until it exits."""
    sys.dont_write_bytecode = True
    sys.addaudithook(limits.hook)


_EVENTS_WITH_PATH = (
    "os.chmod", "os.chown", "os.mkdir", "os.remove", "os.removexattr", "os.rmdir", "os.setxattr",
    "os.truncate", "os.utime",
)  # fmt: skip
_EVENTS_WITH_TWO_PATHS = ("os.link", "os.rename", "os.symlink")
_FORBIDDEN_EVENTS = (
    "os.exec", "os.fork", "os.forkpty", "os.kill", "os.killpg", "os.posix_spawn", "os.spawn",
    "os.system", "pty.spawn", "socket.bind", "socket.connect", "socket.sendmsg", "socket.sendto",
    "sqlite3.connect", "webbrowser.open",
)  # fmt: skip


def _refuse(what: object = None, *_: object) -> None:
    name = os.fsdecode(what) if isinstance(what, str | bytes | os.PathLike) else None
    raise PermissionError(errno.EACCES, FORBIDDEN, name)


def _imported_from() -> set[str]:
    """Folders of the standard library, of installed packages and of memlab with its presets."""
    paths = {sysconfig.get_path(name) for name in ("stdlib", "platstdlib", "purelib", "platlib")}
    package = Path(__file__).parents[1]
    return paths | {str(package), str(package / "preset" / "shipped")}


def _is_below(path: str, folders: Collection[str]) -> bool:
    return any(path == folder or path.startswith(f"{folder}{os.sep}") for folder in folders)


def _real(path: str) -> str:
    """An absolute path without symbolic links; folders are cached, since runs are opened often."""
    if os.path.islink(path):
        return os.path.realpath(path)
    folder, name = os.path.split(path)
    return os.path.join(_real_folder(folder), name)


@lru_cache(maxsize=4096)
def _real_folder(path: str) -> str:
    return os.path.realpath(path)
