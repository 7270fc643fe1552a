"""A disk that forgets: what may be left of a folder after the power fails.

Calls are recorded while they are made. A file's bytes are safe once the file was fsynced, a name once
its folder was. At the moment of the failure any part of the rest is there: each write or not, or only
the beginning of it; each name or not.
"""

import os
import random
from dataclasses import dataclass, field
from pathlib import Path

from memlab.record import files


@dataclass
class File:
    safe: bytes = b""
    loose: list[tuple[int, bytes]] = field(default_factory=list)
    """writes since the last fsync: offset, bytes"""

    def sync(self) -> None:
        for offset, data in self.loose:
            self.safe = _written(self.safe, offset, data)
        self.loose = []

    def left(self, chance: random.Random) -> bytes:
        made = self.safe
        for offset, data in self.loose:
            if chance.random() < 0.5:
                kept = len(data) if chance.random() < 0.5 else chance.randrange(len(data) + 1)
                # A file may have got its length and not its bytes.
                tail = bytes(len(data) - kept) if chance.random() < 0.3 else b""
                made = _written(made, offset, data[:kept] + tail)
        return made


@dataclass
class Folder:
    safe: dict[str, "File | Folder"] = field(default_factory=dict)
    loose: list[dict[str, "File | Folder | None"]] = field(default_factory=list)
    """changes of names since the last fsync; None = gone"""

    def now(self) -> dict[str, "File | Folder"]:
        return _changed(self.safe, self.loose)

    def sync(self) -> None:
        self.safe, self.loose = self.now(), []

    def left(self, chance: random.Random) -> dict[str, "File | Folder"]:
        # A journal keeps the order of changes to one folder, or none: either may be met.
        if chance.random() < 0.5:
            return _changed(self.safe, self.loose[: chance.randrange(len(self.loose) + 1)])
        return _changed(self.safe, [c for c in self.loose if chance.random() < 0.5])


def _changed(names, changes):
    merged = dict(names)
    for change in changes:
        merged |= change
    return {name: node for name, node in merged.items() if node is not None}


def _written(data: bytes, offset: int, part: bytes) -> bytes:
    if not part:
        return data
    padded = data.ljust(offset, b"\0")
    return padded[:offset] + part + padded[offset + len(part) :]


class Recorded(files.Calls):
    """Makes each call for real and on the model; `after` is told the number of each call."""

    def __init__(self, top: Path, after) -> None:
        self.top, self.root, self.after, self.count = top, Folder(), after, 0
        self.opened: dict[int, File | Folder] = {}
        for name in ("open", "pwrite", "fsync", "rename", "mkdir", "unlink", "rmdir"):
            setattr(self, name, self.noted(getattr(self, f"_{name}")))

    def noted(self, call):
        def made(*args):
            self.count += 1
            result = call(*args)
            self.after(self.count)
            return result

        return made

    def node(self, path: Path):
        found = self.root
        for part in Path(path).relative_to(self.top).parts:
            found = found.now()[part]
        return found

    def _open(self, path, flags, mode=0o777):
        fd = os.open(path, flags, mode)
        if flags & os.O_CREAT:
            self.node(path.parent).loose.append({path.name: File()})
        self.opened[fd] = self.node(path)
        return fd

    def _pwrite(self, fd, data, offset):
        self.opened[fd].loose.append((offset, bytes(data)))
        return os.pwrite(fd, data, offset)

    def _fsync(self, fd):
        self.opened[fd].sync()

    def _rename(self, source, target):
        node = self.node(source)
        os.rename(source, target)
        if source.parent == target.parent:
            self.node(source.parent).loose.append({source.name: None, target.name: node})
        else:
            self.node(target.parent).loose.append({target.name: node})
            self.node(source.parent).loose.append({source.name: None})

    def _mkdir(self, path):
        os.mkdir(path)
        self.node(path.parent).loose.append({path.name: Folder()})

    def _unlink(self, path):
        os.unlink(path)
        self.node(path.parent).loose.append({path.name: None})

    def _rmdir(self, path):
        os.rmdir(path)
        self.node(path.parent).loose.append({path.name: None})


def lay_out(node: Folder, path: Path, chance: random.Random) -> None:
    """Put on the real disk what the failure left."""
    path.mkdir()
    for name, child in node.left(chance).items():
        if isinstance(child, Folder):
            lay_out(child, path / name, chance)
        else:
            (path / name).write_bytes(child.left(chance))
