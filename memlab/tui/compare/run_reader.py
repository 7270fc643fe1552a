"""Reads runs for a comparison, and reads them again only if they have changed."""

from collections.abc import Sequence
from pathlib import Path
from typing import final

from memlab.record.folder import RunFolder
from memlab.record.history import History
from memlab.tui.compare.curves import Compared, compared

MAX_CACHED = 200
"""number of runs that are kept in memory, if no more are read at once"""


@final
class RunReader:
    """Caches the runs that were read last. Not thread-safe."""

    def __init__(self) -> None:
        self._cache: dict[Path, tuple[History, Compared]] = {}
        """by folder, the most recently read last"""

    def read(self, runs: Sequence[tuple[RunFolder, str]]) -> list[Compared]:
        """The current state of runs, given as (folder, displayed name).

        A run is the same object as before while neither it nor its name has changed.
        """
        read = [self._read(folder, name) for folder, name in runs]
        while len(self._cache) > max(MAX_CACHED, len(runs)):
            del self._cache[next(iter(self._cache))]
        return read

    def _read(self, folder: RunFolder, name: str) -> Compared:
        history, run = self._cache.pop(folder.path, (None, None))
        if history is None:
            history = History(folder)
        if history.refresh() or run is None or run.name != name:
            run = compared(history, name)
        self._cache[folder.path] = history, run
        return run
