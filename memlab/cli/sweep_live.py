"""Progress of a sweep: a live table, or plain lines without a terminal."""

import time
from collections.abc import Sequence
from types import TracebackType
from typing import Self, final

from rich.console import Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from memlab.cli.output import stderr, table
from memlab.record.safe_text import safe_text
from memlab.sweeps.progress import MemberState, counts
from memlab.sweeps.sweep import Sweep
from memlab.sweeps.time_left import TimeLeft

PLAIN_SECONDS = 10.0
"""between two lines of progress if stderr is not a terminal"""
MAX_CELLS = 40
"""number of cells up to which all are listed, else only those with a running or failed member"""
COLUMNS = ("finished", "running", "queued", "failed", "diverged", "stopped")


@final
class LiveTable:
    """The cells and the states of their members."""

    def __init__(self, sweep: Sweep, quiet: bool) -> None:
        self._sweep, self._quiet = sweep, quiet
        self._console = stderr()
        self._live: Live | None = None
        self._time_left = TimeLeft()
        self._printed = float("-inf")

    def __enter__(self) -> Self:
        if not self._quiet:
            title = f"{self._sweep.name}  {self._sweep.path}"
            self._console.print(Text(safe_text(title, limit=400), style="bold"))
            if self._console.is_terminal:
                self._live = Live(Text("starting"), console=self._console, auto_refresh=False)
                self._live.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._live is not None:
            self._live.stop()

    def show(self, states: Sequence[MemberState]) -> None:
        """Redraw the current states."""
        if self._quiet:
            return
        line = self._line(states)
        if self._live is not None:
            self._live.update(Group(self._table(states), Text(line)), refresh=True)
        elif time.monotonic() - self._printed > PLAIN_SECONDS:
            self._printed = time.monotonic()
            self._console.print(line)

    def _line(self, states: Sequence[MemberState]) -> str:
        totals = counts(states)
        parts = [f"{totals[name]:,} {name}" for name in COLUMNS if totals[name]]
        left = self._time_left.seconds(states)
        if left is not None:
            parts.append(f"{int(left // 3600)}:{int(left // 60 % 60):02}:{int(left % 60):02} left")
        return f"{totals['total']:,} members: {', '.join(parts)}"

    def _table(self, states: Sequence[MemberState]) -> Table:
        by_cell: dict[int, list[MemberState]] = {}
        for state in states:
            by_cell.setdefault(state.member.cell, []).append(state)
        rows = []
        for cell in self._sweep.cells:
            totals = counts(by_cell.get(cell.number, ()))
            if len(by_cell) <= MAX_CELLS or totals["running"] or totals["failed"]:
                shares = [
                    state.step / state.target
                    for state in by_cell.get(cell.number, ())
                    if state.state == "running" and state.target
                ]
                at = " ".join(f"{share:.0%}" for share in shares)
                rows.append([cell.label or "all", *(str(totals[n] or "") for n in COLUMNS), at])
        return table(["cell", *COLUMNS, "progress"], rows, numbers=COLUMNS)
