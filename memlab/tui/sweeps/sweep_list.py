"""The list of sweeps: progress, and states of members."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import ClassVar, final

from textual.binding import BindingType
from textual.content import Content

from memlab.record.run_filter import FilterError, parse
from memlab.tui.duration import duration
from memlab.tui.runs.columns import age
from memlab.tui.safe_content import one_line, safe
from memlab.tui.sweeps.keys import SWEEP_LIST
from memlab.tui.sweeps.reader import SweepRow
from memlab.tui.sweeps.state_sign import DAMAGED, state_sign
from memlab.tui.table import Column, Table

_BAR = 10
_NAME, _LONGEST = 26, 60
"""Cells of a name: at least, and at most where there is room."""
_FACTS = ("name", "run", "status")
"""The id is the field `run`, in which single words are searched."""
_COLUMNS = (
    Column("status", "status", 13),
    Column("sweep", "sweep", _NAME),
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
        """the listed ones"""
        self.filter_text = ""
        self._all: Sequence[SweepRow] = ()

    def list_sweeps(self, rows: Sequence[SweepRow], selected: str) -> None:
        """List the sweeps that pass the filter, with the cursor on the one of id `selected`."""
        self._all = rows
        passes = parse(self.filter_text)
        self.rows = listed = [row for row in rows if passes(_facts(row))]
        words = safe(f"sweep /{self.filter_text}" if self.filter_text else "sweep", 40).plain
        room = self.app.size.width - sum(c.width + 1 for c in _COLUMNS) - 2
        longest = max((safe(row.name, _LONGEST).cell_length for row in listed), default=0)
        wide = max(min(longest, _NAME + room), _NAME)
        columns = [replace(c, title=words, width=wide) if c.key == "sweep" else c for c in _COLUMNS]
        self.show(columns, len(listed), lambda row: _cells(listed[row]), fixed=2)
        at = next((i for i, row in enumerate(listed) if row.id == selected), None)
        if at is not None:
            self.cursor = at

    def problem(self, text: str) -> str | None:
        """What is wrong with a filter, or that no sweep passes it; else None."""
        try:
            passes = parse(text, frozenset(_FACTS))
        except FilterError as problem:
            return one_line(problem)
        return None if any(passes(_facts(row)) for row in self._all) else "no sweep passes"

    def filter(self, text: str, selected: str) -> None:
        """List only the sweeps that pass; the filter is one without a `problem`."""
        self.filter_text = text.strip()
        self.list_sweeps(self._all, selected)

    @property
    def sweep_at_cursor(self) -> str | None:
        """Id of the sweep under the cursor."""
        return self.rows[self.cursor].id if self.cursor < len(self.rows) else None


def _facts(row: SweepRow) -> Mapping[str, object]:
    """The fields that can be filtered by."""
    return dict(zip(_FACTS, (row.name, row.id, str(row.status)), strict=True))


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
        safe(row.name, _LONGEST),
        bar if row.status != DAMAGED else Content(""),
        Content(finished),
        Content(f"{number['running']:,}" if number.get("running") else ""),
        Content("" if row.seconds_left is None else duration(row.seconds_left)),
        Content.styled(", ".join(problems), "$text-error"),
        Content(age(row.created) if row.created else ""),
        safe(row.id, 40),
    ]
