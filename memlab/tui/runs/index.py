"""All runs of a folder, read bit by bit and again only where something has changed."""

import gc
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import final

from memlab.record.catalog import Catalog, Stamp, stamp
from memlab.record.folder import RunFolder
from memlab.record.runs import run_names
from memlab.record.status import ENDED, Status
from memlab.record.summary import brief, settings
from memlab.tui.runs.entry import Entry, entry_of

FIRST, MOST = 50, 4000
"""Runs in the first portion, and at most in a later one; each is twice the one before."""


@final
class Index:
    """The known runs. Reading may happen in a thread: entries are replaced as a whole."""

    def __init__(self, runs: Path) -> None:
        self._runs = runs
        self._stamps: dict[str, Stamp] = {}
        self.entries: dict[str, Entry] = {}

    def refresh(self, first: Sequence[str] = ()) -> Iterator[bool]:
        """Read what is new or has changed, the runs named in `first` before all others.

        Yields after each portion, whether anything changed in it.
        """
        names = dict.fromkeys(run_names(self._runs))
        gone = [self._forget(name) for name in self.entries.keys() - names.keys()]
        order = list(dict.fromkeys([*(name for name in first if name in names), *names]))
        at, size = 0, FIRST
        with Catalog.of_briefs(self._runs) as briefs, Catalog.of_settings(self._runs) as ended:
            while at < len(order):
                changed = [self._read(name, briefs, ended) for name in order[at : at + size]]
                if any(changed):
                    # Entries stay: the collector would look through all of them again and again.
                    gc.freeze()
                yield any(changed) or bool(gone)
                at, size = at + size, min(2 * size, MOST)
        if not order:
            yield bool(gone)

    def _read(self, name: str, briefs: Catalog, ended: Catalog) -> bool:
        path, known = self._runs / name, self.entries.get(name)
        seen = stamp(path)
        if seen is None:
            return self._forget(name)
        if known and _holds(known, self._stamps[name], seen):
            return False
        if known and self._stamps[name]._replace(labels=seen.labels) == seen:
            # This folder has watched the heartbeat: it can tell whether the run is alive.
            folder = known.folder
            facts = brief(folder)
        else:
            folder = RunFolder(path)
            facts = briefs.tell(folder, seen)
        # The stamp knows nothing of an edit, which a run that trains may take at any time.
        has_ended = facts["status"] in ENDED
        own = ended.tell(folder, seen) if has_ended else settings(folder)
        entry = entry_of(folder, facts, own)
        self.entries[name], self._stamps[name] = entry, seen
        return entry != known

    def _forget(self, name: str) -> bool:
        self._stamps.pop(name, None)
        return self.entries.pop(name, None) is not None


def _holds(known: Entry, then: Stamp, now: Stamp) -> bool:
    """Whether an entry is final; a run assumed dead may turn out to be running."""
    if then != now:
        return False
    died = known.status == Status.DIED
    return known.status in ENDED or (died and known.folder.status() == Status.DIED)
