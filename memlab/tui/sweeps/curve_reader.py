"""Reads the curves of a cell's runs."""

from pathlib import Path
from typing import final

from memlab.record.folder import RunFolder
from memlab.record.history import History
from memlab.sweeps.tables import CellResult
from memlab.tui.compare.curves import Compared, compared

MAX_HISTORIES = 200
"""maximum number of runs that are kept in memory"""


@final
class CurveReader:
    """Caches the runs that were read last, and follows them. Not thread-safe."""

    def __init__(self, runs: Path) -> None:
        self._runs = runs
        self._histories: dict[str, History] = {}
        """by run, the most recently read last"""

    def read(self, cell: CellResult) -> list[Compared]:
        """The current state of the runs of a cell, in the order of seeds."""
        return [self._read(one.state.member.run, one.seed) for one in cell.outcomes]

    def _read(self, run: str, seed: int) -> Compared:
        history = self._histories.pop(run, None) or History(RunFolder(self._runs / run))
        self._histories[run] = history
        while len(self._histories) > MAX_HISTORIES:
            del self._histories[next(iter(self._histories))]
        history.refresh()
        return compared(history, f"seed {seed}")
