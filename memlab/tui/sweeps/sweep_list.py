"""The list of sweeps: progress, and states of members."""

from collections.abc import Sequence
from typing import ClassVar, final

from textual.binding import BindingType
from textual.content import Content

from memlab.tui.duration import duration
from memlab.tui.runs.columns import age
from memlab.tui.safe_content import safe
from memlab.tui.sweeps.keys import SWEEP_LIST
from memlab.tui.sweeps.reader import SweepRow
from memlab.tui.sweeps.state_sign import DAMAGED, state_sign
from memlab.tui.table import Column, Table

_BAR = 10
_COLUMNS = (
    Column("status", "status", 13),
    Column("sweep", "sweep", 26),
    Column("progress", "steps", _BAR + 6),
    Column("finished", "finished", 9, "right"),
    Column("running", "running", 7, "right"),
    Column("left", "time left", 11, "right"),
    Column("problems", "problems", 22),
    Column("when", "when", 7, "right"),
    Column("id", "id", 22),
)


@final
class SweepList(Table):
    """All sweeps, newest first; the cursor selects a sweep."""

    KEYS = SWEEP_LIST
    BINDINGS: ClassVar[list[BindingType]] = KEYS.bindings()

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id)
        self.rows: Sequence[SweepRow] = ()

    def list_sweeps(self, rows: Sequence[SweepRow], selected: str) -> None:
        """List sweeps, with the cursor on the one of id `selected`."""
        self.rows = rows
        self.show(_COLUMNS, len(rows), lambda row: _cells(rows[row]), fixed=2)
        at = next((i for i, row in enumerate(rows) if row.id == selected), None)
        if at is not None:
            self.cursor = at

    @property
    def sweep_at_cursor(self) -> str | None:
        """Id of the sweep under the cursor."""
        return self.rows[self.cursor].id if self.cursor < len(self.rows) else None


def _cells(row: SweepRow) -> list[Content]:
    number = dict(row.members)
    problems = [f"{number[s]} {s}" for s in ("failed", "diverged", "stopped") if number.get(s)]
    finished = f"{number['finished']:,}/{number['total']:,}" if number else ""
    filled = int(row.share * _BAR)
    bar = Content.assemble(
        ("▇" * filled, "$accent"), ("▁" * (_BAR - filled), "dim"), f" {int(row.share * 100):3d} %"
    )
    sign, colour = state_sign(row.status)
    return [
        Content.styled(f"{sign} {row.status}", colour),
        safe(row.name, 60),
        bar if row.status != DAMAGED else Content(""),
        Content(finished),
        Content(f"{number['running']:,}" if number.get("running") else ""),
        Content("" if row.seconds_left is None else duration(row.seconds_left)),
        Content.styled(", ".join(problems), "$text-error"),
        Content(age(row.created) if row.created else ""),
        safe(row.id, 40),
    ]
