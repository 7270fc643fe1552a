"""All runs of a folder, read bit by bit and again only where something has changed."""

import gc
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import final

from memlab.record.folder import RunFolder
from memlab.record.runs import list_runs
from memlab.tui.runs.entry import UNSETTLED, Entry, read

FIRST, MOST = 50, 4000
"""Runs in the first portion, and at most in a later one; each is twice the one before."""
Stamp = tuple[int, int]


@final
class Index:
    """The runs that are known. Reading may take place in a thread: entries are replaced whole."""

    def __init__(self, runs: Path) -> None:
        self._runs = runs
        self._stamps: dict[str, Stamp] = {}
        self.entries: dict[str, Entry] = {}

    def refresh(self, first: Sequence[str] = ()) -> Iterator[bool]:
        """Read what is new or has changed, the runs named in `first` before all others.

        Yields after each portion, whether anything changed in it.
        """
        folders = {folder.path.name: folder for folder in list_runs(self._runs)}
        gone = self.entries.keys() - folders.keys()
        for name in gone:
            del self.entries[name], self._stamps[name]
        order = list(dict.fromkeys([*(name for name in first if name in folders), *folders]))
        size, at = FIRST, 0
        while at < len(order):
            changed = [self._read(folders[name]) for name in order[at : at + size]]
            if any(changed):
                # Entries stay: the collector would look through all of them again and again.
                gc.freeze()
            yield any(changed) or bool(gone)
            at, size = at + size, min(2 * size, MOST)
        if not order:
            yield bool(gone)

    def _read(self, folder: RunFolder) -> bool:
        name, stamp = folder.path.name, _stamp(folder.path)
        known = self.entries.get(name)
        if known and known.status not in UNSETTLED and self._stamps[name] == stamp:
            return False
        # The folder that is known has watched the heartbeat: it can tell whether a run is alive.
        entry = read(known.folder if known else folder)
        self.entries[name], self._stamps[name] = entry, stamp
        return entry != known


def _stamp(path: Path) -> Stamp:
    """When labels were replaced, and when an attempt began."""
    return _time(str(path)), _time(f"{path}/attempts")


def _time(path: str) -> int:
    try:
        return os.stat(path).st_mtime_ns
    except OSError:
        return 0
