"""The list of runs next to the comparison: space adds a run to the chart or removes it."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import ClassVar, final

from textual import on
from textual.binding import BindingType
from textual.content import Content
from textual.message import Message

from memlab.record.folder import RunFolder
from memlab.record.runs import iter_runs
from memlab.record.safe_text import safe_text
from memlab.tui.compare.keys import PICKER
from memlab.tui.line_strips import start_and_end
from memlab.tui.table import Column, Table

NEWEST = 300
"""Maximum number of listed runs."""
_WIDTH = 29
"""Cells of a name."""


@final
@dataclass(frozen=True)
class OfferedRun:
    """A run that can be added to the comparison."""

    folder: RunFolder
    name: str

    @property
    def key(self) -> str:
        """Name of its folder."""
        return self.folder.path.name


def newest_runs(runs: Path) -> list[OfferedRun]:
    """The newest runs of a folder, with their display names."""
    return [OfferedRun(folder, folder.display_name) for folder in islice(iter_runs(runs), NEWEST)]


@final
class RunPicker(Table):
    """Lists runs; those in the comparison are marked."""

    KEYS = PICKER
    BINDINGS: ClassVar[list[BindingType]] = KEYS.bindings()

    @dataclass
    class Toggled(Message):
        """Add a run to the comparison, or remove it."""

        folder: RunFolder

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id)
        self._offered: Sequence[OfferedRun] = ()

    def offer(self, runs: Sequence[OfferedRun], compared: Collection[str]) -> None:
        """List runs; `compared` holds the keys of those in the chart."""
        self._offered = runs

        def cells(row: int) -> list[Content]:
            run = runs[row]
            name = start_and_end(safe_text(run.name, 1000), _WIDTH)
            sign = ("◉", "$text-success") if run.key in compared else ("○", "$foreground-muted")
            return [Content.assemble(sign), Content(name)]

        self.show([Column("mark", "", 1), Column("run", "runs", _WIDTH)], len(runs), cells)

    def action_toggle_run(self) -> None:
        if self.cursor < len(self._offered):
            self.post_message(self.Toggled(self._offered[self.cursor].folder))

    @on(Table.RowOpened)
    @on(Table.FirstCellClicked)
    def _clicked(self) -> None:
        self.action_toggle_run()
