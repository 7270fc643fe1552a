"""The Sweeps screen: progress of all sweeps; cells, heat map and curves of the selected one."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import ClassVar, final

from textual import on, work
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.content import Content
from textual.message import Message
from textual.widget import Widget
from textual.widgets import Static

from memlab.figures.plot import ShownPanel
from memlab.record.folder import RunFolder
from memlab.sweeps.tables import CellResult, Results
from memlab.tui.bar import Bar
from memlab.tui.console import Console
from memlab.tui.dialogs import TextPrompt
from memlab.tui.footer import Footer
from memlab.tui.keys import is_offered
from memlab.tui.messages import CompareRuns, ResumeSweep, ShowSweep
from memlab.tui.plots.chart_screen import ChartScreen
from memlab.tui.plots.transparent import ClearRow
from memlab.tui.plots.viewport import Viewport, XExtent
from memlab.tui.safe_content import one_line, safe
from memlab.tui.sweeps.cell_curves import CellCurves
from memlab.tui.sweeps.cell_table import CellTable, member_line
from memlab.tui.sweeps.heat_map import SweepMap, SweepMapView
from memlab.tui.sweeps.keys import SWEEPS
from memlab.tui.sweeps.reader import SelectedSweep, SweepReader, SweepRow
from memlab.tui.sweeps.selection import SweepSelection, measures
from memlab.tui.sweeps.sweep_list import SweepList
from memlab.tui.table import Table
from memlab.tui.worker_running import worker_running

EVERY = 2.0
"""Seconds between two reads of the sweeps."""
SELECTION = "sweep_selection"
"""Key of the stored selection."""
PARTS = ("sweeps", "cells", "map", "curves")
"""Ids of the parts of the screen, in the order of the tab key."""
EMPTY = Content.from_markup(
    "[b]no sweeps here yet[/b]\n\n"
    "In the Lab (1), type several values with commas into a field, such as 0.1,0.3,1, and start.\n"
    "Or in a shell:\n\n"
    "  memlab sweep run quickstart optimizer.weight_decay=0,0.1,1 --seeds 3\n\n"
    "memlab comes with sweeps, such as: memlab sweep run grok-add-seeds"
)


@final
class SweepsScreen(ChartScreen):
    """All sweeps of a folder of runs."""

    CSS_PATH = "sweeps.tcss"
    KEYS = SWEEPS
    BINDINGS: ClassVar[list[BindingType]] = KEYS.bindings()
    AUTO_FOCUS = "#cells"

    @dataclass
    class SweepsRead(Message):
        """The sweeps were read."""

        rows: list[SweepRow]
        selected: SelectedSweep | None

    def __init__(self, console: Console) -> None:
        super().__init__()
        self._runs, self._state = console.runs, console.state
        self._reader = SweepReader(console.runs)
        self._curves = CellCurves(console.runs, id="curves")
        self._rows: Sequence[SweepRow] = ()
        self._selected: SelectedSweep | None = None
        self._selection = SweepSelection.read(console.state.recall(SELECTION))
        self._stored_selection = self._selection

    def compose(self) -> ComposeResult:
        """The list, the cells with their members and notes, the heat map and the curves."""
        yield Bar()
        yield Static(EMPTY, id="empty")
        yield SweepList(id="sweeps")
        yield CellTable(id="cells")
        yield Static(id="members")
        yield Static(id="notes")
        with ClearRow(id="charts"):
            yield SweepMap(id="map")
            yield self._curves
        yield Footer()

    def on_mount(self) -> None:
        """Read now, and periodically."""
        self._go_to("cells")
        self.set_interval(EVERY, self._refresh)

    def on_screen_resume(self) -> None:
        """Read when the screen is shown again."""
        self._refresh()

    def on_screen_suspend(self) -> None:
        """Store the selection for the next session."""
        self._store_selection()

    def _store_selection(self) -> None:
        if self._selection != self._stored_selection:
            self._stored_selection = self._selection
            self._state.keep(SELECTION, self._selection.to_text())

    # Reading

    def _refresh(self) -> None:
        self._store_selection()
        if self.is_current and not worker_running(self, "read"):
            self._read()

    @work(thread=True, group="read")
    def _read(self) -> None:
        wanted = None
        while wanted != self._selection.sweep:  # the selection may change meanwhile
            wanted = self._selection.sweep
            rows, selected = self._reader.read(wanted)
        self.post_message(self.SweepsRead(rows, selected))

    @on(SweepsRead)
    def _take(self, event: SweepsRead) -> None:
        changed = event.selected is not self._selected
        self._selected = event.selected
        if event.rows != self._rows or changed:
            self._rows = event.rows
            self.set_class(not event.rows, "-empty")
            if self._selected is not None:
                self._selection = self._selection.valid_for(self._selected.results)
            self.query_one(SweepList).list_sweeps(self._rows, self._selection.sweep)
        if changed:
            self._show()
        self._curves.refresh_runs()

    # Showing

    @property
    def _cell(self) -> CellResult | None:
        """The selected cell."""
        cells = self._selected.results.cells if self._selected else ()
        return cells[self._selection.cell] if self._selection.cell < len(cells) else None

    def _show(self) -> None:
        """Show the selected sweep, if there is one."""
        selected = self._selected
        self.set_class(selected is None, "-none")
        if selected is None:
            return
        results, selection = selected.results, self._selection
        self.set_class(not results.sweep.axes, "-no-axes")
        self.query_one(CellTable).show_results(selected.texts, selection.cell, selection.measure)
        self.query_one("#notes", Static).update(safe(" ".join(selected.footer), 1200))
        self.query_one(SweepMap).show(SweepMapView(results, selection))
        self._show_cell()

    def _show_cell(self) -> None:
        """Show the members of the selected cell and their curves."""
        if (cell := self._cell) is not None:
            self.query_one("#members", Static).update(member_line(cell))
        key = self._selection.sweep, self._selection.cell
        self._curves.show_cell(key, cell, self._selection.measure)

    def _select(self, selection: SweepSelection) -> None:
        """Select another cell, measure or axis of the same sweep."""
        if self._selected is None or selection == self._selection:
            return
        before, self._selection = self._selection, selection
        self.query_one(SweepMap).show(SweepMapView(self._selected.results, selection))
        table = self.query_one(CellTable)
        if before.measure != selection.measure:
            table.show_results(self._selected.texts, selection.cell, selection.measure)
        table.cursor = selection.cell
        self._show_cell()

    @on(Table.RowMoved, "#cells")
    def _cell_chosen(self, event: Table.RowMoved) -> None:
        self._select(replace(self._selection, cell=event.table.cursor))

    @on(SweepMap.MapCellChosen)
    def _map_cell_chosen(self, event: SweepMap.MapCellChosen) -> None:
        if event.again:
            self.action_open()
        self._select(replace(self._selection, cell=event.cell))

    @on(Table.RowMoved, "#sweeps")
    def _sweep_chosen(self) -> None:
        sweep = self.query_one(SweepList).sweep_at_cursor
        if sweep not in (None, self._selection.sweep):
            self._select_sweep(sweep)

    @on(ShowSweep)
    def _show_sweep(self, event: ShowSweep) -> None:
        event.stop()
        self._select_sweep(event.sweep)

    def _select_sweep(self, sweep: str) -> None:
        self._selection = replace(self._selection, sweep=sweep, cell=0)
        self._refresh()

    # The chart of the curves

    @property
    def viewport(self) -> Viewport:
        return self._curves.overlaid.viewport

    def see(self, viewport: Viewport) -> None:
        """Use another viewport; arrow keys then move its cursor or window."""
        self._curves.see(viewport)
        if viewport.window or viewport.reading is not None:
            self._go_to("curves")

    @property
    def extent(self) -> XExtent:
        return self._curves.overlaid.extent

    @property
    def plot(self) -> CellCurves:
        return self._curves

    def slide(self, by: int) -> None:
        """Do nothing: the whole axis is visible."""

    def shown_runs(self) -> Mapping[str, str]:
        """The sweep, as the source of figures."""
        results = self._selected and self._selected.results
        return {results.sweep.id: results.sweep.name} if results else {}

    def shown_charts(self) -> list[ShownPanel]:
        """The heat map and the curves that are visible."""
        heat_map = self.query_one(SweepMap)
        grid = heat_map.view_state.grid if heat_map.view_state else None
        maps: list[ShownPanel] = (
            [("heatmap", False, grid)] if grid is not None and heat_map.is_on_screen else []
        )
        return [*maps, *(super().shown_charts() if self._curves.has_runs else [])]

    # Keys

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer no changes in a read-only console."""
        return is_offered(self, action)

    def _go_to(self, name: str) -> None:
        """Focus a part; small terminals show only that one."""
        for part in PARTS:
            self.set_class(part == name, f"-at-{part}")
        if name in ("map", "curves"):
            self.set_class(name == "curves", "-curves")
        self.call_after_refresh(self.query_one(f"#{name}", Widget).focus)

    def action_panel(self, by: int) -> None:
        """Go to the next or previous part."""
        parts = [p for p in PARTS if not (p == "map" and self.has_class("-no-axes"))]
        here = next((p for p in parts if self.has_class(f"-at-{p}")), "cells")
        self._go_to(parts[(parts.index(here) + by) % len(parts)])

    def on_descendant_focus(self) -> None:
        """Keys start from the focused part, also if it was clicked."""
        for part in PARTS:
            self.set_class(self.query_one(f"#{part}").has_focus, f"-at-{part}")

    def action_full(self) -> None:
        """Show the focused part alone, or all parts."""
        self.toggle_class("-one")

    def action_cycle_measure(self, by: int) -> None:
        """Show the next or previous measure or event."""
        if self._selected is not None:
            names = measures(self._selected.results)
            at = names.index(self._selection.measure)
            self._select(replace(self._selection, measure=names[(at + by) % len(names)]))

    def action_cycle_x(self) -> None:
        if self._selected is not None:
            self._select(self._selection.with_x(self._selected.results))

    def action_cycle_y(self) -> None:
        if self._selected is not None:
            self._select(self._selection.with_y(self._selected.results))

    def action_log_y(self) -> None:
        self.plot.action_log_y()

    def action_filter(self) -> None:
        """Filter the list of sweeps."""
        sweeps = self.query_one(SweepList)

        def chosen(text: str | None) -> None:
            if text is not None:
                sweeps.filter(text, self._selection.sweep)

        title = Content("Filter the list of sweeps, as in status:running decay")
        self.app.push_screen(TextPrompt(title, sweeps.filter_text, sweeps.problem), chosen)

    def action_sweep(self, by: int) -> None:
        self.query_one(SweepList).cursor += by

    @on(Table.RowOpened)
    def action_open(self) -> None:
        """Compare the runs of the cell; from the list of sweeps, go to its cells."""
        if self.query_one(SweepList).has_focus:
            self._go_to("cells")
        elif self._cell is not None:
            runs = [one.state.member.run for one in self._cell.outcomes]
            if runs:
                self.post_message(CompareRuns([RunFolder(self._runs / run) for run in runs]))
            else:
                self.notify("no run of this cell has started")

    def action_stop(self) -> None:
        """Let all members save and stop."""
        if results := self._results_with("running", "queued"):
            try:
                results.sweep.stop()
            except OSError as problem:
                self.notify(one_line(problem), severity="error", markup=False)
            else:
                self.notify("all members save and stop; r resumes them")

    def action_resume(self) -> None:
        """Train members that are neither finished nor running, in a separate process."""
        if results := self._results_with("queued", "stopped", "failed"):
            self.post_message(ResumeSweep(results.sweep.path))

    def _results_with(self, *states: str) -> Results | None:
        """The results of the sweep if it has members in one of the states; else a message is shown."""
        results = self._selected and self._selected.results
        if results and not any(results.counts[state] for state in states):
            self.notify(f"this sweep is {results.status}")
            return None
        return results

    def action_back(self) -> None:
        """Leave the full view, then the cursor, then go from the cells to the list."""
        if self.is_full or self.viewport.reading is not None:
            super().action_back()
        else:
            self._go_to("sweeps")
