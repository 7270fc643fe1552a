"""The Runs screen: all runs, filtered and sorted; marks, labels, trash."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.content import Content
from textual.message import Message
from textual.screen import Screen
from textual.widgets import Input, Static
from textual.worker import get_current_worker

from memlab.errors import MemlabError
from memlab.preset.run_preset import edited_preset
from memlab.record.run_filter import FilterError
from memlab.record.runs import delete, restore
from memlab.record.status import Status
from memlab.tui import keys
from memlab.tui.bar import Bar
from memlab.tui.console import Console
from memlab.tui.dialogs import TextPrompt
from memlab.tui.footer import Footer
from memlab.tui.messages import ClonePreset, CompareRuns, OpenRun, PinBaseline, ResumeRun
from memlab.tui.runs.columns import RunColumn, columns
from memlab.tui.runs.detail import detail, summary
from memlab.tui.runs.entry import Entry, curve
from memlab.tui.runs.index import Index
from memlab.tui.runs.listing import Listing
from memlab.tui.safe_content import one_line, safe
from memlab.tui.table import Column, Table
from memlab.tui.worker_running import worker_running

EVERY = 2.0
"""Seconds between two scans of the folder."""
MARK = Column("mark", "", 2)
MAX_LENGTH = 1 << 16
"""Maximum length of a label."""
ORDER = "runs_order"
"""Key of the stored sort order."""


class RunsScreen(Screen[None]):
    """All runs of a folder."""

    CSS_PATH = "runs.tcss"
    KEYS = keys.RUNS
    BINDINGS: ClassVar[list[BindingType]] = KEYS.bindings()
    AUTO_FOCUS = "Table"

    @dataclass
    class IndexRead(Message):
        """More runs were read, or some have changed."""

    @dataclass
    class Drawn(Message):
        """Sparklines of visible runs were drawn."""

        curves: dict[str, tuple[int, str]]
        """run to (step, sparkline) when it was drawn"""

    def __init__(self, console: Console) -> None:
        super().__init__()
        self._runs, self._state = console.runs, console.state
        self._index = Index(console.runs)
        self._listing = Listing()
        self._listing.order = console.state.recall(ORDER) or self._listing.order
        self._columns: list[RunColumn] = []
        self._curves: dict[str, str] = {}
        self._drawn_at: dict[str, int] = {}
        self._deleted: list[list[str]] = []
        self._is_read = False
        self._filter_problem = ""

    def compose(self) -> ComposeResult:
        """Filter, counts, the table, and details of the run under the cursor."""
        yield Bar()
        yield Input(
            placeholder="/ filter, as in status:finished val_loss<0.1 lr=0.001",
            compact=True,
            id="filter",
        )
        yield Static(id="summary")
        yield Table()
        yield Static(id="detail")
        yield Footer()

    def on_mount(self) -> None:
        """Refresh now, and periodically."""
        self._refresh()
        self.set_interval(EVERY, self._refresh)

    def on_screen_resume(self) -> None:
        """Refresh when the screen is shown again."""
        self._refresh()

    def on_resize(self) -> None:
        """Column widths depend on the width."""
        self._list()

    # Reading

    def _refresh(self) -> None:
        if self.is_current and not worker_running(self, "read"):
            self._read_runs()

    @work(thread=True, group="read")
    def _read_runs(self) -> None:
        worker, visible = get_current_worker(), self._seen()
        for changed in self._index.refresh([entry.key for entry in visible]):
            if worker.is_cancelled:
                return
            if changed or not self._is_read:
                self.post_message(self.IndexRead())

    def _draw_soon(self) -> None:
        """Draw the missing sparklines of visible runs, unless a worker is drawing."""
        wanted = [e for e in self._seen() if self._drawn_at.get(e.key) != e.step]
        if wanted and not worker_running(self, "draw"):
            self._draw(wanted)

    @work(thread=True, group="draw")
    def _draw(self, entries: Sequence[Entry]) -> None:
        curves = {entry.key: (entry.step, curve(entry.folder)) for entry in entries}
        self.post_message(self.Drawn(curves))

    def _seen(self) -> list[Entry]:
        visible = self.query_one(Table).seen
        return self._listing.shown[visible.start : visible.stop]

    @on(IndexRead)
    def _take(self) -> None:
        self._is_read = True
        if self._filter_problem:
            self._apply_filter()  # the new runs may have the fields that were unknown
        self._list()

    @on(Drawn)
    def _drawn(self, event: Drawn) -> None:
        for key, (step, line) in event.curves.items():
            self._drawn_at[key], self._curves[key] = step, line
        self.query_one(Table).refresh()
        self.call_later(self._draw_soon)

    def _list(self) -> None:
        """Filter, sort and show the known runs."""
        at, listing, table = self._at_cursor(), self._listing, self.query_one(Table)
        listing.take(list(self._index.entries.values()))
        self._columns = columns(listing.settings_diff, self._curves, self.size.width)
        sorted_by = next((s.column.key for s in self._columns if s.fact == listing.fact), "")
        table.show(
            [MARK, *(shown.column for shown in self._columns)],
            len(listing.shown),
            self._cells,
            (sorted_by, listing.down),
            fixed=2,
        )
        if (row := listing.row_of(at)) is not None:
            table.cursor = row
        self._show_summary()

    def _cells(self, row: int) -> list[Content]:
        entry = self._listing.shown[row]
        marked = entry.key in self._listing.marked
        mark = Content.styled("◉", "$accent") if marked else Content("○")
        return [mark, *(shown.cell(entry) for shown in self._columns)]

    def _show_summary(self) -> None:
        text = summary(self._listing, len(self._index.entries), self._columns)
        if self._filter_problem:
            text = Content.styled(f"✗ {self._filter_problem}", "$text-error")
        self.query_one("#summary", Static).update(text)
        self._show_detail()

    @on(Table.RowMoved)
    def _show_detail(self) -> None:
        entry, settings_diff = self._at_cursor(), self._listing.settings_diff
        text = detail(entry, settings_diff) if entry else Content("")
        self.query_one("#detail", Static).update(text)
        self._draw_soon()

    def _at_cursor(self) -> Entry | None:
        return self._listing.at(self.query_one(Table).cursor)

    # Filter and order

    @on(Input.Changed, "#filter")
    def _filter(self) -> None:
        self.refresh_bindings()
        self._apply_filter()
        self._list()

    def _apply_filter(self) -> None:
        """Apply the text of the filter; if it is invalid, keep the rows and store why."""
        entries = list(self._index.entries.values())  # another thread may add entries meanwhile
        fields = frozenset().union(*(entry.facts.keys() for entry in entries))
        self._filter_problem = ""
        try:
            self._listing.filter(self.query_one("#filter", Input).value, fields)
        except FilterError as problem:
            self._filter_problem = one_line(problem)
        self.set_class(bool(self._filter_problem), "-invalid")

    @on(Input.Submitted, "#filter")
    def _filtered(self) -> None:
        self.query_one(Table).focus()

    def action_filter(self) -> None:
        self.set_focus(self.query_one("#filter", Input))

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool:
        """The filter key applies outside of the filter, `back` inside."""
        if not keys.is_offered(self, action):
            return False
        typing = isinstance(self.focused, Input)
        if action == "filter":
            return not typing
        return action != "back" or typing or any(line.value for line in self.query(Input))

    def action_back(self) -> None:
        """Leave the filter; if it has no focus, clear it."""
        line = self.query_one("#filter", Input)
        if not line.has_focus:
            line.value = ""
        self.query_one(Table).focus()

    def action_sort(self, by: int) -> None:
        self._listing.sort_next([shown.fact for shown in self._columns], by)
        self._sorted()

    def action_flip(self) -> None:
        """Reverse the order."""
        self._listing.sort(self._listing.fact)
        self._sorted()

    @on(Table.HeaderClicked)
    def _header(self, event: Table.HeaderClicked) -> None:
        fact = next((s.fact for s in self._columns if s.column.key == event.key), None)
        if fact:
            self._listing.sort(fact)
            self._sorted()

    def _sorted(self) -> None:
        self._state.keep(ORDER, self._listing.order)
        self._list()

    # Marks

    def action_mark(self) -> None:
        """Mark the run, and move down."""
        self._mark()
        self.query_one(Table).cursor += 1

    @on(Table.FirstCellClicked)
    def _mark(self) -> None:
        if entry := self._at_cursor():
            self._listing.mark(entry)
            self._marks_changed()

    def action_mark_all(self) -> None:
        """Mark all listed runs; unmark them if all are marked."""
        self._listing.mark_all()
        self._marks_changed()

    def _marks_changed(self) -> None:
        self.query_one(Table).refresh()
        self._show_summary()

    def _chosen(self) -> list[Entry]:
        return self._listing.chosen(self._index.entries, self.query_one(Table).cursor)

    # Actions on runs

    @on(Table.RowOpened)
    def action_open(self) -> None:
        """Open the run: live, or as a replay."""
        if entry := self._at_cursor():
            self.post_message(OpenRun(entry.folder))

    def action_compare(self) -> None:
        """Compare the marked runs."""
        self.post_message(CompareRuns([entry.folder for entry in self._chosen()]))

    def action_baseline(self) -> None:
        """Pin the run as the baseline, or unpin it."""
        if entry := self._at_cursor():
            self.post_message(PinBaseline(entry.folder))

    def action_clone(self) -> None:
        if entry := self._at_cursor():
            self._try(lambda: self.post_message(ClonePreset(edited_preset(entry.folder))))

    def action_resume(self) -> None:
        """Resume a run that ended early."""
        entry = self._at_cursor()
        if entry and entry.status in (Status.RUNNING, Status.PAUSED, Status.FINISHED):
            self.notify(f"this run is {entry.status}", markup=False)
        elif entry:
            self.post_message(ResumeRun(entry.folder))

    def action_name(self) -> None:
        self._label("Name", lambda e: e.name, lambda e, text: e.folder.set_labels(name=text))

    def action_tag(self) -> None:
        self._label(
            "Tags, separated by spaces,",
            lambda e: " ".join(e.tags),
            lambda e, text: e.folder.set_labels(tags=text.split()),
        )

    def action_note(self) -> None:
        self._label("Note", lambda e: e.note, lambda e, text: e.folder.set_labels(note=text))

    @work
    async def _label(
        self, what: str, now: Callable[[Entry], str], change: Callable[[Entry, str], None]
    ) -> None:
        if entry := self._at_cursor():
            title = Content.assemble((f"{what} of ", "dim"), safe(entry.name))
            shown = safe(now(entry), MAX_LENGTH).plain
            text = await self.app.push_screen_wait(TextPrompt(title, shown))
            if text not in (None, shown):  # the displayed text may be an escaped form of the label
                self._try(lambda: change(entry, text))
                self._refresh()

    def action_delete(self) -> None:
        """Move runs to the trash."""
        deleted = [e.key for e in self._chosen() if self._try(partial(delete, e.folder))]
        if deleted:
            self._deleted.append(deleted)
            self._listing.marked.clear()
            self.notify(f"{len(deleted)} moved to the trash; u restores them")
            self._refresh()

    def action_undo(self) -> None:
        """Restore the runs that were deleted last."""
        if not self._deleted:
            self.notify("nothing to restore")
            return
        restored = [
            name for name in self._deleted.pop() if self._try(partial(restore, self._runs, name))
        ]
        self.notify(f"{len(restored)} restored")
        self._refresh()

    def _try(self, act: Callable[[], object]) -> bool:
        """Apply a change to a run; returns false and shows the error if it fails."""
        try:
            act()
        except (MemlabError, OSError) as problem:
            self.notify(one_line(problem), severity="error", markup=False)
            return False
        return True
