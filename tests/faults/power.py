"""Simulated power loss: the states in which a folder may be found afterwards.

System calls are recorded as they are made. An fsync of a file puts its bytes on disk, an fsync of a
folder the names in it. Of everything else, any part may be on disk when power is lost: each write
fully, in part or not at all; each name or not.
"""

import os
import random
from dataclasses import dataclass, field
from pathlib import Path

from memlab.record import files


@dataclass
class File:
    synced: bytes = b""
    pending: list[tuple[int, bytes]] = field(default_factory=list)
    """writes since the last fsync, as (offset, bytes)"""

    def sync(self) -> None:
        for offset, data in self.pending:
            self.synced = _with_write(self.synced, offset, data)
        self.pending = []

    def after_loss(self, rng: random.Random) -> bytes:
        content = self.synced
        for offset, data in self.pending:
            if rng.random() < 0.5:
                kept = len(data) if rng.random() < 0.5 else rng.randrange(len(data) + 1)
                # A file may have its new length without the bytes.
                tail = bytes(len(data) - kept) if rng.random() < 0.3 else b""
                content = _with_write(content, offset, data[:kept] + tail)
        return content


@dataclass
class Folder:
    synced: dict[str, "File | Folder"] = field(default_factory=dict)
    pending: list[dict[str, "File | Folder | None"]] = field(default_factory=list)
    """changes of names since the last fsync; None = removed"""

    def current(self) -> dict[str, "File | Folder"]:
        return _with_changes(self.synced, self.pending)

    def sync(self) -> None:
        self.synced, self.pending = self.current(), []

    def after_loss(self, rng: random.Random) -> dict[str, "File | Folder"]:
        # A file system keeps the order of changes to a folder if it has a journal: try both.
        if rng.random() < 0.5:
            return _with_changes(self.synced, self.pending[: rng.randrange(len(self.pending) + 1)])
        return _with_changes(self.synced, [c for c in self.pending if rng.random() < 0.5])


def _with_changes(names, changes):
    merged = dict(names)
    for change in changes:
        merged |= change
    return {name: node for name, node in merged.items() if node is not None}


def _with_write(data: bytes, offset: int, part: bytes) -> bytes:
    if not part:
        return data
    padded = data.ljust(offset, b"\0")
    return padded[:offset] + part + padded[offset + len(part) :]


class RecordedCalls(files.Calls):
    """Executes each call on the disk and on the model; calls `after` with the number of calls."""

    def __init__(self, top: Path, after) -> None:
        self.top, self.root, self.after, self.count = top, Folder(), after, 0
        self.open_files: dict[int, File | Folder] = {}
        for name in ("open", "pwrite", "fsync", "rename", "mkdir", "unlink", "rmdir"):
            setattr(self, name, self.recording(getattr(self, f"_{name}")))

    def recording(self, call):
        def recorded(*args):
            self.count += 1
            result = call(*args)
            self.after(self.count)
            return result

        return recorded

    def node(self, path: Path):
        found = self.root
        for part in Path(path).relative_to(self.top).parts:
            found = found.current()[part]
        return found

    def _open(self, path, flags, mode=0o777):
        fd = os.open(path, flags, mode)
        if flags & os.O_CREAT:
            self.node(path.parent).pending.append({path.name: File()})
        self.open_files[fd] = self.node(path)
        return fd

    def _pwrite(self, fd, data, offset):
        self.open_files[fd].pending.append((offset, bytes(data)))
        return os.pwrite(fd, data, offset)

    def _fsync(self, fd):
        self.open_files[fd].sync()

    def _rename(self, source, target):
        node = self.node(source)
        os.rename(source, target)
        if source.parent == target.parent:
            self.node(source.parent).pending.append({source.name: None, target.name: node})
        else:
            self.node(target.parent).pending.append({target.name: node})
            self.node(source.parent).pending.append({source.name: None})

    def _mkdir(self, path):
        os.mkdir(path)
        self.node(path.parent).pending.append({path.name: Folder()})

    def _unlink(self, path):
        os.unlink(path)
        self.node(path.parent).pending.append({path.name: None})

    def _rmdir(self, path):
        os.rmdir(path)
        self.node(path.parent).pending.append({path.name: None})


def lay_out(node: Folder, path: Path, rng: random.Random) -> None:
    """Write a state after the power loss to the real disk."""
    path.mkdir()
    for name, child in node.after_loss(rng).items():
        if isinstance(child, Folder):
            lay_out(child, path / name, rng)
        else:
            (path / name).write_bytes(child.after_loss(rng))
