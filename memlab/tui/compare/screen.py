"""The Compare screen: marked runs in one chart, and a table of what differs."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import ClassVar, final

from textual import on, work
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.message import Message
from textual.theme import Theme
from textual.widgets import Static

from memlab.charts import Chart
from memlab.charts.legend import plain_markers
from memlab.charts.theme import BASELINE, RGB
from memlab.record.folder import RunFolder
from memlab.record.measure import Measures
from memlab.tui.bar import Bar
from memlab.tui.compare.colours import Colours
from memlab.tui.compare.curves import (
    X_AXES,
    Compared,
    bands,
    declaration,
    legend_names,
    measures,
    overlay,
)
from memlab.tui.compare.keys import COMPARE
from memlab.tui.compare.overlay import Overlaid, Overlay
from memlab.tui.compare.run_picker import EMPTY, FILTER, NO_RUNS, RunOffer, RunPicker
from memlab.tui.compare.run_reader import RunReader
from memlab.tui.compare.run_table import ComparedRows, RunTable
from memlab.tui.console import Console
from memlab.tui.dialogs import TextPrompt
from memlab.tui.footer import Footer
from memlab.tui.messages import CompareRuns, OpenRun
from memlab.tui.plots.chart_screen import ChartScreen
from memlab.tui.plots.transparent import ClearColumn, ClearRow
from memlab.tui.plots.viewport import Viewport, XExtent
from memlab.tui.safe_content import safe
from memlab.tui.table import Table
from memlab.tui.theme import chart_theme
from memlab.tui.worker_running import worker_running

EVERY = 2.0
"""Seconds between two reads of the runs."""
CHART_ACTIONS = {key.action.partition("(")[0] for key in COMPARE.rows} - {"filter"}
"""Actions that need a run in the comparison."""


@final
class CompareScreen(ChartScreen):
    CSS_PATH = "compare.tcss"
    KEYS = COMPARE
    BINDINGS: ClassVar[list[BindingType]] = KEYS.bindings()
    AUTO_FOCUS = "#compared"

    @dataclass
    class RunsRead(Message):
        runs: list[Compared]

    def __init__(self, console: Console) -> None:
        super().__init__()
        self._offer = RunOffer(console.runs)
        self._chosen: dict[int, RunFolder] = {}
        self._reader = RunReader()
        self._compared: list[Compared] = []
        self._colours = Colours()
        self._run_colours: dict[str, RGB] = {}
        self._axis = X_AXES[0]
        self._measure = "val_loss"
        self._grouped = self._focused_only = False
        self._overlaid = Overlaid(Chart(), Measures()[self._measure], self._axis, Viewport())

    def compose(self) -> ComposeResult:
        yield Bar()
        with ClearRow():
            with ClearColumn():
                yield Static(id="empty")
                yield Overlay(y_log=True, id="overlay")
                yield RunTable(id="compared")
            yield RunPicker(id="picker")
        yield Footer()

    def on_mount(self) -> None:
        """Poll live runs periodically."""
        self.set_interval(EVERY, self._refresh_runs)
        self.app.theme_changed_signal.subscribe(self, self._theme_changed)
        self._show_picker()
        self._show()

    def on_resize(self) -> None:
        """The width of names depends on the width."""
        self._show_picker()
        if self._compared:
            self._show()

    def _theme_changed(self, theme: Theme) -> None:
        self._show()

    @dataclass
    class Offered(Message):
        """Runs that can be compared were read."""

    @work(thread=True, group="offer")
    def _read_offer(self) -> None:
        self._offer.read(lambda: self.post_message(self.Offered()))

    @on(Offered)
    def _show_picker(self) -> None:
        compared = {folder.path.name for folder in self._chosen.values()}
        self.set_class(not compared, "-empty")
        self.set_class(not self._offer.has_runs, "-no-runs")
        self.query_one("#empty", Static).update(EMPTY if self._offer.has_runs else NO_RUNS)
        words = self._offer.text
        title = safe(f"runs · /{words}" if words else "runs · space adds", 60)
        self.query_one(RunPicker).offer(self._offer.runs, compared, title)

    def action_filter(self) -> None:
        """Filter the list of runs, in the language of the Runs screen."""

        def chosen(text: str | None) -> None:
            if text is not None:
                self._offer.filter(text)
                if not self.query_one(RunPicker).display:
                    self.toggle_class("-picker")
                self._show_picker()
                self._read_soon()

        prompt = TextPrompt(FILTER, self._offer.text, self._offer.problem)
        self.app.push_screen(prompt, chosen)

    def _read_soon(self) -> None:
        """Read the runs that can be compared, unless a thread does."""
        if not worker_running(self, "offer"):
            self._read_offer()

    @on(RunPicker.Toggled)
    def _toggled(self, event: RunPicker.Toggled) -> None:
        event.stop()
        key = event.folder.path.name
        chosen = {n: folder for n, folder in self._chosen.items() if folder.path.name != key}
        if len(chosen) == len(self._chosen):
            chosen[max(chosen, default=0) + 1] = event.folder
        # The list was shown because there was nothing else, and stays.
        self.set_class(self.has_class("-narrow"), "-picker")
        self._choose(chosen)

    def on_screen_resume(self) -> None:
        """Read the current list of runs; show it if nothing is compared."""
        if self._chosen:
            self._show()  # another run may have been pinned meanwhile
        self._read_soon()
        self.call_after_refresh(self._focus_if_empty)

    def _focus_if_empty(self) -> None:
        if not self._chosen:
            self.query_one(RunPicker).focus()

    def action_picker(self) -> None:
        """Show or hide the list of runs."""
        self.toggle_class("-picker")
        self.call_after_refresh(self._focus_picker)

    def _focus_picker(self) -> None:
        picker = self.query_one(RunPicker)
        (picker if picker.display else self.query_one(RunTable)).focus()

    @on(CompareRuns)
    def _compare(self, event: CompareRuns) -> None:
        event.stop()
        self._choose(dict(enumerate(event.folders, 1)))
        self.call_after_refresh(self.query_one(RunTable).focus)

    def _choose(self, chosen: dict[int, RunFolder]) -> None:
        self._chosen = chosen
        self._show_picker()
        self.refresh_bindings()
        keys = {folder.path.name for folder in chosen.values()}
        if any(run.key not in keys for run in self._compared):
            self._compared = [run for run in self._compared if run.key in keys]
            self._show()
        self._refresh_runs()

    def _refresh_runs(self) -> None:
        if self.is_current and self._chosen and not worker_running(self, "read"):
            self._read()

    @work(thread=True, group="read")
    def _read(self) -> None:
        chosen = None
        while chosen is not self._chosen:  # the selection may change meanwhile
            chosen = self._chosen
            runs = self._reader.read(
                [(folder, f"{n} {folder.display_name}") for n, folder in chosen.items()]
            )
        if runs != self._compared:
            self.post_message(self.RunsRead(runs))

    @on(RunsRead)
    def _take_runs(self, event: RunsRead) -> None:
        if [run.key for run in event.runs] != [f.path.name for f in self._chosen.values()]:
            return  # the selection has changed since and will be read again
        self._compared = event.runs
        names = measures(self._compared)
        if names and self._measure not in names:
            self._measure = names[0]
        self._show()

    # Showing

    def _show(self, viewport: Viewport | None = None) -> None:
        """Rebuild curves and table, keeping the viewport unless another is given."""
        viewport = viewport or self.viewport
        runs = self._compared
        colours = self._colours.of([run.key for run in runs], self.app.current_theme.dark)
        if (pinned := self.baseline) is not None and pinned.key in colours:
            colours[pinned.key] = chart_theme(self.app.current_theme).rgb(BASELINE)
        chart = self._with_baseline(self._curves(colours))
        absent = sum(not len(run.curve(self._measure, self._axis)[0]) for run in runs)
        declared = declaration(runs, self._measure)
        if declared != self._overlaid.measure:
            self.plot.y_log = declared.scale == "log"
        self._overlaid = Overlaid(chart, declared, self._axis, viewport, absent)
        self.plot.show(self._overlaid)
        self._run_colours = colours
        self._show_table()

    def _curves(self, colours: dict[str, RGB]) -> Chart:
        dark = self.app.current_theme.dark
        if self._grouped:
            return bands(self._compared, colours, self._measure, self._axis, dark=dark)
        focus = self._at_cursor() if self._focused_only else None
        key = focus.key if focus else None
        return overlay(self._compared, colours, self._measure, self._axis, key, dark=dark)

    def _with_baseline(self, chart: Chart) -> Chart:
        """The chart with the pinned run below all others, unless it is one of them."""
        pinned = self.baseline
        if (
            pinned is None
            or not self._chosen
            or any(f.path == pinned.path for f in self._chosen.values())
        ):
            return chart
        curve = pinned.curve([self._measure], self._axis)
        return replace(chart, series=(curve, *chart.series)) if curve else chart

    @property
    def run_to_pin(self) -> RunFolder | None:
        """The run under the cursor."""
        run = self._at_cursor()
        return run.folder if run else None

    def show_baseline(self) -> None:
        self._show()

    def _show_table(self) -> None:
        self.query_one(RunTable).list_runs(
            ComparedRows(
                self._compared,
                self._run_colours,
                self._glyphs() if self.app.no_color else {},
                self._measure,
                self._axis,
                self.viewport.reading,
            )
        )

    def _glyphs(self) -> dict[str, str]:
        """Key of a run to the glyph of its curve without colours."""
        chart, names = self._overlaid.chart, legend_names(self._compared)
        glyphs = {s.name: m for s, m in zip(chart.series, plain_markers(chart), strict=True) if m}
        return {key: glyphs.get(name, "▬") for key, name in names.items()}

    def _at_cursor(self) -> Compared | None:
        row = self.query_one(RunTable).cursor
        return self._compared[row] if row < len(self._compared) else None

    @on(Table.RowMoved, "#compared")
    def _moved(self) -> None:
        if self._focused_only:
            self._show()

    # Viewport

    @property
    def viewport(self) -> Viewport:
        return self._overlaid.viewport

    def see(self, viewport: Viewport) -> None:
        """Use another viewport; arrow keys move the cursor or the window, else the row."""
        moved = viewport.reading != self.viewport.reading
        self._overlaid = replace(self._overlaid, viewport=viewport)
        self.plot.show(self._overlaid)
        if viewport.window or viewport.reading is not None:
            self.plot.focus()
        else:
            self.query_one(RunTable).focus()
        if moved:
            self._show_table()

    @property
    def extent(self) -> XExtent:
        return self._overlaid.extent

    @property
    def plot(self) -> Overlay:
        return self.query_one(Overlay)

    def shown_runs(self) -> Mapping[str, str]:
        return {run.key: run.name for run in self._compared}

    @property
    def x_label(self) -> str:
        return self._axis

    def slide(self, by: int) -> None:
        """Do nothing: the whole axis is visible."""

    def action_full(self) -> None:
        """Maximize the chart, or restore it."""
        self.toggle_class("-one")

    # Keys

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer keys of the chart only if there is one."""
        return bool(self._chosen) or action not in CHART_ACTIONS

    def action_cycle_axis(self) -> None:
        self._axis = X_AXES[(X_AXES.index(self._axis) + 1) % len(X_AXES)]
        self._show(replace(self.viewport, window=None, reading=None))

    def action_cycle_measure(self) -> None:
        names = measures(self._compared)
        if names:
            self._measure = names[(names.index(self._measure) + 1) % len(names)]
            self._show()

    def action_log_y(self) -> None:
        self.plot.action_log_y()

    def action_group(self) -> None:
        """Group seeds as median and band, or show single runs."""
        self._grouped = not self._grouped
        self._show()

    def action_focus_run(self) -> None:
        """Dim all runs except the one under the cursor, or none."""
        self._focused_only = not self._focused_only
        self._show()

    def action_drop(self) -> None:
        """Remove the run from the comparison."""
        if run := self._at_cursor():
            self._choose({n: f for n, f in self._chosen.items() if f.path.name != run.key})

    @on(Table.RowOpened, "#compared")
    def action_open(self) -> None:
        if run := self._at_cursor():
            self.post_message(OpenRun(run.folder))
