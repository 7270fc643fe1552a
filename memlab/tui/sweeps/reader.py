"""Reads sweeps: the state of all of them, and all results of the selected one."""

from dataclasses import dataclass
from pathlib import Path
from typing import final

from memlab.errors import RunError
from memlab.sweeps.footer import footer_lines
from memlab.sweeps.progress import MemberState, SweepProgress, counts, status_of
from memlab.sweeps.sweep import Sweep, sweep_paths
from memlab.sweeps.tables import Results
from memlab.sweeps.time_left import TimeLeft, steps_done
from memlab.tui.sweeps.cell_table import CellTexts
from memlab.tui.sweeps.state_sign import DAMAGED

NEWEST = 200
"""Maximum number of listed sweeps."""


@final
@dataclass(frozen=True)
class SweepRow:
    """A sweep in the list."""

    id: str
    name: str
    status: str
    """as returned by `status_of`, or "damaged" """
    created: float = 0.0
    """seconds since the epoch"""
    members: tuple[tuple[str, int], ...] = ()
    """(state, number of members), and "total" """
    share: float = 0.0
    """share of all steps that are done, 0 to 1"""
    seconds_left: float | None = None


@final
@dataclass(frozen=True, eq=False)
class SelectedSweep:
    """The results of the selected sweep, with the texts of its table and footer."""

    results: Results
    texts: CellTexts
    footer: tuple[str, ...]


@final
class _FollowedSweep:
    """A sweep that is read again while its members change."""

    def __init__(self, path: Path) -> None:
        self.sweep = Sweep.open(path)
        self.progress = SweepProgress(self.sweep)
        self.time_left = TimeLeft()
        self.states: list[MemberState] = []
        self.selected: SelectedSweep | None = None

    @property
    def is_settled(self) -> bool:
        """Whether all members have reached a terminal state."""
        return bool(self.states) and all(state.terminal for state in self.states)

    def read(self, *, in_full: bool) -> None:
        """Read members that may have changed; `in_full` also reads their results."""
        if self.is_settled and (self.selected or not in_full):
            return
        if not in_full:
            self.states = self.progress.read()
            return
        results = Results(self.progress)
        if self.selected is None or results.states != self.selected.results.states:
            self.selected = SelectedSweep(
                results, CellTexts.of(results), tuple(footer_lines(results))
            )
        self.states = results.states

    def row(self) -> SweepRow:
        """The state of the sweep."""
        number = counts(self.states)
        steps = sum(state.target for state in self.states)
        return SweepRow(
            self.sweep.id,
            self.sweep.name,
            status_of(self.sweep, number),
            self.sweep.created,
            tuple(number.items()),
            steps_done(self.states) / steps if steps else 0.0,
            self.time_left.seconds(self.states) if number["running"] else None,
        )


@final
class SweepReader:
    """Caches sweeps that have ended. Not thread-safe."""

    def __init__(self, runs: Path) -> None:
        self._runs = runs
        self._followed: dict[str, _FollowedSweep] = {}

    def read(self, wanted: str | None) -> tuple[list[SweepRow], SelectedSweep | None]:
        """The newest sweeps, and the results of the one with id `wanted`, or else of the newest."""
        paths = sweep_paths(self._runs)[:NEWEST]
        ids = {path.name for path in paths}
        self._followed = {key: one for key, one in self._followed.items() if key in ids}
        rows, selected = [], None
        if wanted not in ids:
            wanted = paths[0].name if paths else None
        for path in paths:
            try:
                followed = self._follow(path)
                followed.read(in_full=path.name == wanted)
            except (RunError, OSError):
                rows.append(SweepRow(path.name, path.name, DAMAGED))
                continue
            rows.append(followed.row())
            if path.name == wanted:
                selected = followed.selected
        return rows, selected

    def _follow(self, path: Path) -> _FollowedSweep:
        known = self._followed.get(path.name)
        if known is None or known.sweep.has_changed():
            known = self._followed[path.name] = _FollowedSweep(path)
        return known
