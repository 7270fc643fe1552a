"""The list of runs next to the comparison: space adds a run to the chart or removes it."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, final

from textual import on
from textual.binding import BindingType
from textual.content import Content
from textual.message import Message

from memlab.errors import MemlabError
from memlab.record.folder import RunFolder
from memlab.record.run_filter import parse
from memlab.tui.compare.keys import PICKER
from memlab.tui.names import start_and_end
from memlab.tui.runs.entry import Entry
from memlab.tui.runs.index import Index
from memlab.tui.safe_content import one_line
from memlab.tui.table import Column, Table

NEWEST = 300
"""Maximum number of listed runs."""
_WIDTH, _WIDE = 29, 47
"""Cells of a name; the second where the screen is wide."""
EMPTY = Content.from_markup(
    "[b]no runs are compared yet[/b]\n\n"
    "[b]space[/b] adds the run under the cursor to the chart, or removes it.\n"
    "[b]/[/b] filters the list, as in val_loss<0.1 task.operation:add\n\n"
    "In Runs (3), space marks runs and c compares them.\n"
    "In Sweeps (6), enter compares the runs of a cell."
)
NO_RUNS = Content.from_markup(
    "[b]no runs yet[/b]\n\nStart one in the Lab (1), or in a shell:\n\n  memlab run quickstart"
)
FILTER = Content("Filter the list of runs, as in status:finished val_loss<0.1")


@final
class RunOffer:
    """The newest runs of a folder that pass a filter."""

    def __init__(self, runs: Path) -> None:
        self._index = Index(runs)
        self._passes = parse("")
        self.text = ""
        """the filter"""
        self.is_read = False

    def read(self, report: Callable[[], object]) -> None:
        """Read new and changed runs, in a thread; without a filter, only as many as are listed."""
        for changed in self._index.refresh():
            if changed:
                report()
            if not self.text and len(self._index.entries) >= NEWEST:
                break
        self.is_read = True
        report()

    @property
    def runs(self) -> Sequence[Entry]:
        """The newest first."""
        entries = sorted(self._entries, key=lambda entry: entry.key, reverse=True)
        return [entry for entry in entries if self._passes(entry.facts)][:NEWEST]

    @property
    def has_runs(self) -> bool:
        """Whether there are any runs, listed or not; true until they have been read."""
        return bool(self._index.entries) or not self.is_read

    @property
    def _entries(self) -> list[Entry]:
        return list(self._index.entries.values())  # another thread may add entries meanwhile

    def problem(self, text: str) -> str | None:
        """What is wrong with a filter, or None."""
        try:
            parse(text, self._fields)
        except MemlabError as problem:
            return one_line(problem)
        return None

    def filter(self, text: str) -> None:
        """List only runs that pass; raises FilterError for an invalid filter."""
        self._passes, self.text = parse(text, self._fields), text.strip()

    @property
    def _fields(self) -> frozenset[str]:
        return frozenset().union(*(entry.facts.keys() for entry in self._entries))


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
        self._offered: Sequence[Entry] = ()

    def offer(self, runs: Sequence[Entry], compared: Collection[str], title: Content) -> None:
        """List runs; `compared` holds the keys of those in the chart."""
        self._offered = runs
        width = _WIDE if self.screen.has_class("-wide") else _WIDTH

        def cells(row: int) -> list[Content]:
            run = runs[row]
            sign = ("◉", "$text-success") if run.key in compared else ("○", "$foreground-muted")
            return [Content.assemble(sign), Content(start_and_end(run.name, width))]

        self.show([Column("mark", "", 1), Column("run", title.plain, width)], len(runs), cells)

    def action_toggle_run(self) -> None:
        """Add the run or remove it, and move down, as in the Runs screen."""
        self._toggle()
        self.cursor += 1

    @on(Table.RowOpened)
    @on(Table.FirstCellClicked)
    def _toggle(self) -> None:
        if self.cursor < len(self._offered):
            self.post_message(self.Toggled(self._offered[self.cursor].folder))
