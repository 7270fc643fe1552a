"""Cache of run summaries across processes.

Reading 10,000 runs means reading 40,000 small files; a catalog is one file with a sealed line per
run and a stamp that detects changes. It is kept in the user's cache folder and may be deleted at
any time: if it is missing, damaged or not writable, runs are read again.
"""

import hashlib
import json
import os
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple, Self, final

from memlab.record import files, sealed_json
from memlab.record.folder import RunFolder
from memlab.record.runs import run_names
from memlab.record.status import ENDED
from memlab.record.summary import brief, settings
from memlab.record.user_folders import cache_folder

VERSION = 3
"""Version of the cached values: increase it when they change, so that older entries are ignored."""
MOST = 1 << 30
"""Maximum size of a catalog in bytes, with about 1,000 per run."""
WORTH_IT = 100
"""Number of new runs for which the file is rewritten; reading so many takes about 10 ms."""
RACY = 2_000_000_000
"""Nanoseconds within which two changes may get the same stamp: clock resolution of file systems."""

Facts = dict[str, Any]


class Stamp(NamedTuple):
    """Identifies the state of an ended run: inode, size and modification time of its parts.

    The change time of an inode cannot be set by users. For the attempts it is that of their
    folder: added and removed attempts are detected, changes of their files are not.
    """

    description: list[int]
    labels: list[int]
    attempts: list[int]

    @property
    def newest(self) -> int:
        """Time of the last change, in nanoseconds since the epoch."""
        return max(part[2] for part in self)


def stamp(run: str | Path) -> Stamp | None:
    """The stamp of a run; None if the folder is not a run."""
    # Files that are links are never read; attempts may lie elsewhere.
    description = _stamp(f"{run}/run.json", follow=False)
    if description == MISSING:
        return None
    labels = _stamp(f"{run}/labels.json", follow=False)
    return Stamp(description, labels, _stamp(f"{run}/attempts", follow=True))


MISSING = [0, 0, 0]


def _stamp(path: str, *, follow: bool) -> list[int]:
    try:
        now = os.stat(path, follow_symlinks=follow)
    except OSError:
        return MISSING
    return [now.st_ino, now.st_size, now.st_ctime_ns]


@final
class Catalog:
    """Cached values of a function of each run in a folder; new ones are saved when the block ends."""

    def __init__(
        self,
        runs: Path,
        what: str,
        compute: Callable[[RunFolder], Facts],
        is_final: Callable[[Facts], bool],
    ) -> None:
        """
        Args:
            what: name of the cached function, part of the file name.
            is_final: whether the value stays valid until the stamp changes.
        """
        self._runs, self._what, self._compute, self._is_final = runs, what, compute, is_final
        cache = cache_folder()
        of = hashlib.sha256(os.fsencode(os.path.realpath(runs))).hexdigest()[:16]
        self._file = cache and cache / "runs" / f"{of}.{what}.jsonl"
        self._kept: dict[bytes, bytes] | None = None
        self._new: dict[str, tuple[Stamp, Facts]] = {}

    @classmethod
    def of_briefs(cls, runs: Path) -> Self:
        """A catalog of the runs' `brief`."""
        return cls(runs, "brief", brief, _has_ended)

    @classmethod
    def of_settings(cls, runs: Path) -> Self:
        """A catalog of the runs' settings."""
        return cls(runs, "settings", settings, bool)

    def __enter__(self) -> Self:
        """Nothing is read before the first lookup."""
        return self

    def __exit__(self, *_: object) -> None:
        """Save the new entries, if there are enough of them."""
        if self._file and len(self._new) >= WORTH_IT:
            lines = self._lines()
            for name, (seen, facts) in self._new.items():
                lines[_key(name)] = self._line(name, seen, facts)
            names = map(_key, run_names(self._runs))
            with suppress(OSError):
                files.make_folder(self._file.parent)
                files.replace(self._file, b"".join(lines.get(key, b"") for key in names))

    def value_of(self, folder: RunFolder, current: Stamp) -> Facts:
        """The value for a run whose current stamp is `seen`."""
        name = folder.path.name
        line = self._lines().get(_key(name))
        cached = line and sealed_json.unseal(line, self._place(name))
        if cached and cached.get("stamp") == list(current) and type(cached.get(self._what)) is dict:
            return dict(cached[self._what])
        facts = self._compute(folder)
        if self._is_final(facts) and current.newest < time.time_ns() - RACY:
            self._new[name] = current, facts
        return facts

    def _line(self, name: str, current: Stamp, facts: Facts) -> bytes:
        try:
            document = {"run": name, "stamp": current, self._what: facts}
            return sealed_json.seal(document, self._place(name))
        except RecursionError:  # a forged run may be nested too deeply to be written
            return b""

    def _place(self, name: str) -> str:
        return f"catalog {VERSION}: {self._what} of {name}"

    def _lines(self) -> dict[bytes, bytes]:
        """Stored lines by the key that each begins with; not verified yet."""
        if self._kept is None:
            data = (self._file and files.read(self._file, MOST)) or b""
            self._kept = {line.partition(b", ")[0]: line for line in data.splitlines(keepends=True)}
        return self._kept


def _key(name: str) -> bytes:
    """The beginning of a run's line, up to the first comma."""
    return json.dumps({"run": name})[:-1].encode()


def _has_ended(summary: Facts) -> bool:
    """Whether a run is complete, with neither run.json nor the labels empty."""
    whole = summary["preset"] and (summary["name"] or summary["tags"] or summary["note"])
    return bool(whole) and summary["status"] in ENDED
