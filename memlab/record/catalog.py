"""What was read of runs, kept from one process to the next.

To read 10,000 runs takes 40,000 small files; what is kept of them is one, a sealed line a run, and
three stamps tell whether a line still holds. It lies in the user's cache and may be deleted at any
time: where it is missing, damaged or not writable, runs are read again.
"""

import hashlib
import json
import os
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, Self, final

from memlab.record import files, sealed
from memlab.record.folder import RunFolder
from memlab.record.home import home_folder
from memlab.record.runs import run_names
from memlab.record.status import ENDED
from memlab.record.summary import brief, settings

VERSION = 1
"""Of what is told of a run: one more when that changes, and what older versions kept is not used."""
MOST = 1 << 30
"""Bytes of a catalog, which has about 1,000 a run."""
WORTH_IT = 100
"""New runs for which the file is written again; to read so many takes a hundredth of a second."""
RACY = 2_000_000_000
"""Nanoseconds in which a change may get the stamp of the one before it: the clock of the coarsest
file system in use."""

Facts = dict[str, Any]
Stamp = tuple[int, ...]
"""Inode, size and time of change of a run's `run.json`, its `labels.json` and its attempts."""


def stamp(run: str | Path) -> Stamp | None:
    """What differs after anything about an ended run has changed; None where there is no run.

    Times are those at which the inode changed, which nobody can set back.
    """
    found: list[int] = []
    for part in ("run.json", "labels.json", "attempts"):
        try:
            # Files that are links are never read; attempts may lie elsewhere.
            now = os.stat(f"{run}/{part}", follow_symlinks=part == "attempts")
        except OSError:
            found += (0, 0, 0)
        else:
            found += (now.st_ino, now.st_size, now.st_ctime_ns)
    return tuple(found) if found[0] else None


@final
class Catalog:
    """What a function tells of the runs of a folder; what is new is kept when the block ends."""

    def __init__(
        self,
        runs: Path,
        what: str,
        tell: Callable[[RunFolder], Facts],
        lasts: Callable[[Facts], bool],
    ) -> None:
        """
        Args:
            what: a word for what is told.
            lasts: whether it was read without trouble, and holds until a stamp tells otherwise.
        """
        self._runs, self._what, self._tell, self._lasts = runs, what, tell, lasts
        home = home_folder("XDG_CACHE_HOME", ".cache")
        of = hashlib.sha256(os.fsencode(os.path.realpath(runs))).hexdigest()[:16]
        self._file = home and home / "runs" / f"{of}.{what}.jsonl"
        self._kept: dict[bytes, bytes] | None = None
        self._new: dict[str, tuple[Stamp, Facts]] = {}

    @classmethod
    def of_briefs(cls, runs: Path) -> Self:
        """How the runs stand."""
        return cls(runs, "brief", brief, _has_ended)

    @classmethod
    def of_settings(cls, runs: Path) -> Self:
        """What they were made with."""
        return cls(runs, "settings", settings, bool)

    def __enter__(self) -> Self:
        """Nothing is read before it is asked for."""
        return self

    def __exit__(self, *_: object) -> None:
        """Keep what was read, if it is worth it."""
        if self._file and len(self._new) >= WORTH_IT:
            lines = self._lines()
            for name, (seen, facts) in self._new.items():
                lines[_key(name)] = self._line(name, seen, facts)
            here = map(_key, run_names(self._runs))
            with suppress(OSError):
                files.make_folder(self._file.parent)
                files.replace(self._file, b"".join(lines.get(key, b"") for key in here))

    def tell(self, folder: RunFolder, seen: Stamp) -> Facts:
        """What there is to tell of a run whose stamp was `seen` just now."""
        name = folder.path.name
        line = self._lines().get(_key(name))
        kept = line and sealed.unseal(line, self._place(name))
        if kept and kept["stamp"] == list(seen):
            facts: Facts = kept[self._what]
            return facts
        facts = self._tell(folder)
        if self._lasts(facts) and max(seen[2::3]) < time.time_ns() - RACY:
            self._new[name] = seen, facts
        return facts

    def _line(self, name: str, seen: Stamp, facts: Facts) -> bytes:
        try:
            document = {"run": name, "stamp": seen, self._what: facts}
            return sealed.seal(document, self._place(name))
        except RecursionError:  # a forged run may nest deeper than is written
            return b""

    def _place(self, name: str) -> str:
        return f"catalog {VERSION}: {self._what} of {name}"

    def _lines(self) -> dict[bytes, bytes]:
        """What was kept, by the key that each line begins with; not verified yet."""
        if self._kept is None:
            data = (self._file and files.read(self._file, MOST)) or b""
            self._kept = {line.partition(b", ")[0]: line for line in data.splitlines(keepends=True)}
        return self._kept


def _key(name: str) -> bytes:
    """How the line of a run begins, up to the first comma."""
    return json.dumps({"run": name})[:-1].encode()


def _has_ended(known: Facts) -> bool:
    """Whether a run is at rest, and neither run.json nor the labels came out empty."""
    whole = known["preset"] and (known["name"] or known["tags"] or known["note"])
    return bool(whole) and known["status"] in ENDED
