"""Disk access: every write, and every guarded read, of a run folder uses this module.

Writers put bytes at offsets they know, so that a write interrupted by a full disk or a signal can
be repeated in place. Readers refuse anything but regular files, and files that are too large.
"""

import os
import secrets
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from errno import ENOTDIR
from pathlib import Path

READ_LIMIT = 64 << 20
"""Maximum size of a file that is read at once, in bytes."""


class Calls:
    """The system calls that modify a disk; tests replace `calls` with faulty ones."""

    open = staticmethod(os.open)
    pwrite = staticmethod(os.pwrite)
    fsync = staticmethod(os.fsync)
    rename = staticmethod(os.rename)
    mkdir = staticmethod(os.mkdir)
    unlink = staticmethod(os.unlink)
    rmdir = staticmethod(os.rmdir)


calls = Calls()


def create(path: Path) -> int:
    """Descriptor of a new file, open for writing.

    Raises:
        FileExistsError: the file exists already: a file never gets a second writer.
    """
    return calls.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, 0o644)


def write_at(fd: int, data: bytes, offset: int) -> None:
    """Write all of `data` at `offset`; after an error the same call can be repeated."""
    left = memoryview(data)
    while left:
        try:
            written = calls.pwrite(fd, left, offset)
        except InterruptedError:
            continue
        left, offset = left[written:], offset + written


def sync_folder(path: Path) -> None:
    """Make the names in a folder durable against power loss."""
    fd = calls.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        calls.fsync(fd)
    finally:
        os.close(fd)


def write_new(path: Path, data: bytes) -> None:
    """Write a new file and make its contents durable; its name is durable after `sync_folder`."""
    fd = create(path)
    try:
        write_at(fd, data, 0)
        calls.fsync(fd)
    finally:
        os.close(fd)


def replace(path: Path, data: bytes) -> None:
    """Replace the file at `path` atomically and durably: readers see the old file or the new."""
    aside = hidden(path)
    try:
        write_new(aside, data)
        calls.rename(aside, path)
    except OSError:
        _clear(aside)
        raise
    sync_folder(path.parent)


@contextmanager
def new_folder(target: Path) -> Iterator[Path]:
    """A folder to fill, renamed to its final name when the block ends: complete or not at all.

    Raises:
        OSError: for example, `target` exists and is not empty; nothing is left behind.
    """
    aside = hidden(target)
    try:
        make_folder(aside)
        yield aside
        sync_folder(aside)
        move(aside, target)
    except OSError:
        _clear(aside)
        raise


def _clear(aside: Path) -> None:
    with suppress(OSError):
        remove(aside)


def move(source: Path, target: Path) -> None:
    """Rename durably."""
    calls.rename(source, target)
    sync_folder(target.parent)
    if source.parent != target.parent:
        sync_folder(source.parent)


def make_folder(path: Path) -> None:
    """Create a folder and its missing parents."""
    if path.is_dir():
        return
    make_folder(path.parent)
    try:
        calls.mkdir(path)
    except FileExistsError:
        if path.is_dir():
            return
        raise NotADirectoryError(ENOTDIR, os.strerror(ENOTDIR), str(path)) from None
    sync_folder(path.parent)


def remove(path: Path) -> None:
    """Remove a file, or a folder with its contents; links are removed, not followed."""
    if path.is_dir() and not path.is_symlink():
        for child in path.iterdir():
            remove(child)
        calls.rmdir(path)
    else:
        calls.unlink(path)


def hidden(path: Path) -> Path:
    """A new name in the same folder as `path` that readers ignore."""
    return path.with_name(f".{path.name}.{secrets.token_hex(4)}")


def open_to_read(path: str | Path) -> int:
    """Descriptor of an existing regular file; links, pipes and devices are refused.

    Raises:
        OSError: it cannot be opened, or is not a regular file.
    """
    fd = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    if not stat.S_ISREG(os.fstat(fd).st_mode):
        os.close(fd)
        raise OSError(f"{path} is not a regular file")
    return fd


@contextmanager
def reading(path: str | Path) -> Iterator[Callable[[int, int], bytes]]:
    """A function (size, offset) -> bytes; empty for what cannot be read."""
    try:
        fd = open_to_read(path)
    except OSError:
        yield lambda most, offset: b""
        return

    def pread(most: int, offset: int) -> bytes:
        try:
            return os.pread(fd, most, offset)
        except OSError:
            return b""

    try:
        yield pread
    finally:
        os.close(fd)


def read_from(path: str | Path, offset: int, most: int) -> bytes:
    """Up to `most` bytes from `offset` on; empty if there are none."""
    if size(path) <= offset:
        return b""
    with reading(path) as read_at:
        return read_at(most, offset)


def read(path: str | Path, limit: int = READ_LIMIT) -> bytes | None:
    """A whole file; None if it is missing, unreadable, not a regular file or larger than `limit`."""
    try:
        fd = open_to_read(path)
    except OSError:
        return None
    try:
        if (most := os.fstat(fd).st_size) > limit:
            return None
        data = os.read(fd, most + 1)
        if (
            len(data) == most
        ):  # the usual case: another read to detect the end would double the cost
            return data
        return data + b"".join(iter(lambda: os.read(fd, most + 1), b""))
    except OSError:
        return None
    finally:
        os.close(fd)


def size(path: str | Path) -> int:
    """Bytes in a file; 0 if it does not exist."""
    try:
        return os.stat(path, follow_symlinks=False).st_size
    except OSError:
        return 0
