"""The runs of a folder, read in batches, and again only if changed."""

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

FIRST_BATCH, MAX_BATCH = 50, 4000
"""Number of runs in the first batch, and the maximum of later ones, each twice the previous."""


@final
class Index:
    """The known runs. Reading may happen in a thread: entries are replaced as a whole."""

    def __init__(self, runs: Path) -> None:
        self._runs = runs
        self._stamps: dict[str, Stamp] = {}
        self.entries: dict[str, Entry] = {}

    def refresh(self, first: Sequence[str] = ()) -> Iterator[bool]:
        """Read new and changed runs, those named in `first` before all others.

        Yields after each batch whether anything changed in it.
        """
        names = dict.fromkeys(run_names(self._runs))
        removed = [self._forget(name) for name in self.entries.keys() - names.keys()]
        order = list(dict.fromkeys([*(name for name in first if name in names), *names]))
        at, size = 0, FIRST_BATCH
        with Catalog.of_briefs(self._runs) as briefs, Catalog.of_settings(self._runs) as ended:
            while at < len(order):
                changed = [self._read(name, briefs, ended) for name in order[at : at + size]]
                if any(changed):
                    # Entries are long-lived: the garbage collector would scan them repeatedly.
                    gc.freeze()
                yield any(changed) or bool(removed)
                at, size = at + size, min(2 * size, MAX_BATCH)
        if not order:
            yield bool(removed)

    def _read(self, name: str, briefs: Catalog, ended: Catalog) -> bool:
        path, cached = self._runs / name, self.entries.get(name)
        current = stamp(path)
        if current is None:
            return self._forget(name)
        if cached and _is_current(cached, self._stamps[name], current):
            return False
        if cached and self._stamps[name]._replace(labels=current.labels) == current:
            # This object has followed the heartbeat, so it knows whether the run is alive.
            folder = cached.folder
            facts = brief(folder)
        else:
            folder = RunFolder(path)
            facts = briefs.value_of(folder, current)
        # The stamp does not cover edits, which a running process may apply at any time.
        has_ended = facts["status"] in ENDED
        own = ended.value_of(folder, current) if has_ended else settings(folder)
        entry = entry_of(folder, facts, own)
        self.entries[name], self._stamps[name] = entry, current
        return entry != cached

    def _forget(self, name: str) -> bool:
        self._stamps.pop(name, None)
        return self.entries.pop(name, None) is not None


def _is_current(entry: Entry, then: Stamp, now: Stamp) -> bool:
    """Whether an entry needs no new read; a run assumed dead may turn out to be running."""
    if then != now:
        return False
    died = entry.status == Status.DIED
    return entry.status in ENDED or (died and entry.folder.status() == Status.DIED)
