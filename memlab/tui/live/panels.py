"""The panels of the Live screen: two columns, or a grid of all charts, and the settings."""

from dataclasses import replace
from functools import lru_cache, partial
from typing import Any, final

from textual.app import ComposeResult
from textual.content import Content
from textual.widgets import Static

from memlab.record.snapshot import Snapshot
from memlab.tui.console_state import ConsoleState
from memlab.tui.dialogs import TextPrompt
from memlab.tui.live import curves
from memlab.tui.live.chart_grid import ChartGrid, GridChoice
from memlab.tui.live.chart_panel import ChartPanel
from memlab.tui.live.event_list import EventList
from memlab.tui.live.sample_list import SampleList
from memlab.tui.live.settings_panel import SettingsPanel
from memlab.tui.live.view_state import ViewState
from memlab.tui.live.viewer import Viewer
from memlab.tui.plots.panel import Panel
from memlab.tui.plots.transparent import ClearColumn, ClearRow

GRID = "chart_grid"
"""Key of the stored grid layout."""


@final
class RunPanels(ClearRow):
    """Decides which panels are visible, and passes them the view state.

    Its classes: `-grid` (all charts instead of the columns), `-settings`, `-one` (the panel with
    the class `-full` alone), `-other` (the second column, where only one fits), `-no-samples` and
    `-no-accuracy` (panels without content), `-no-charts` (no chart passes the filter of the grid).
    """

    def __init__(self, viewer: Viewer, state: ConsoleState) -> None:
        # With the classes from the beginning, the first layout is the final one.
        names = (name for name, is_set in _emptiness(viewer.whole, viewer.alive).items() if is_set)
        super().__init__(id="body", classes=" ".join(names))
        self._viewer, self._state = viewer, state
        self._loss = ChartPanel("loss", curves.loss, y_log=True, id="loss")
        self._view_state: ViewState | None = None

    def compose(self) -> ComposeResult:
        with ClearRow(id="panels"):
            with ClearColumn(classes="column", id="first"):
                yield self._loss
                yield SampleList(id="samples")
            with ClearColumn(classes="column", id="second"):
                yield ChartPanel("accuracy", curves.accuracy, id="accuracy")
                name, chart = curves.third(self._viewer.folder, self._viewer.whole)
                y_log = name in ("grad_norm", curves.OBJECTIVE)
                yield ChartPanel(name, chart, y_log=y_log, id="third")
                yield EventList(id="events")
        yield Static(id="no-charts")
        yield ChartGrid(GridChoice.read(self._state.recall(GRID)))
        yield SettingsPanel(self._viewer.folder, id="settings")

    def show(self, view_state: ViewState) -> None:
        """Pass the view state to all panels; each redraws if its content differs."""
        self._view_state = view_state
        for name, is_set in _emptiness(self._viewer.whole, self._viewer.alive).items():
            self.set_class(is_set, name)
        if self.has_grid:
            grid = self.query_one(ChartGrid)
            grid.fill(view_state)
            reason = grid.problem(view_state, grid.choice.words)
            self.set_class(reason is not None, "-no-charts")
            self.query_one("#no-charts", Static).update(
                Content(f"{reason}\n\n/ changes the filter")
            )
        for panel in self._all_panels():
            panel.show(view_state)

    def _show_again(self) -> None:
        """Draw panels that have become visible."""
        if self._view_state is not None:
            self.show(self._view_state)

    def _all_panels(self) -> list[Panel[Any]]:
        return [node for node in self.walk_children() if isinstance(node, Panel)]

    @property
    def main_plot(self) -> ChartPanel:
        """The loss; in the grid, the chart with focus or the first one, if there is one."""
        charts = list(self.query("#grid ChartPanel").results(ChartPanel)) if self.has_grid else []
        if charts and isinstance(self.screen.focused, ChartPanel):
            return self.screen.focused
        return charts[0] if charts else self._loss

    def next_measure(self, by: int) -> None:
        """Show the next measure in the third chart; first the page with this chart."""
        if self._third_is_on_other_page:
            self.next_page()
            return
        panel = self.query_one("#third", ChartPanel)
        if panel.view_state is not None and (measures := curves.measures(panel.view_state)):
            names = list(measures)
            at = names.index(panel.chosen) + by if panel.chosen in measures else 0
            name = names[at % len(names)]
            panel.choose(name, measures[name])

    # Grid of charts, settings

    @property
    def has_grid(self) -> bool:
        """Whether the grid of charts is shown instead of the columns."""
        return self.has_class("-grid")

    @property
    def has_settings_focus(self) -> bool:
        """Whether the settings receive keys."""
        return self.query_one(SettingsPanel).has_focus

    @property
    def has_filter(self) -> bool:
        """Whether there are charts or settings to filter."""
        return self.has_grid or self.has_settings_focus

    def toggle_grid(self) -> None:
        if self.is_full:  # the panel is hidden in the next layout
            self.toggle_full()
        self.toggle_class("-grid")
        self._show_again()
        self.call_after_refresh(lambda: self.main_plot.focus())

    def resize_grid(self, rows: int, columns: int) -> None:
        """Add rows and columns to the grid, or remove some."""
        self._choose_grid(self.query_one(ChartGrid).choice.sized(rows, columns))

    def turn_grid_page(self, by: int) -> None:
        if self._view_state is not None:
            self.query_one(ChartGrid).turn(by, self._view_state)

    def _choose_grid(self, choice: GridChoice) -> None:
        self.query_one(ChartGrid).choice = choice
        self._state.keep(GRID, str(choice))
        self._show_again()

    def toggle_settings(self) -> None:
        self.toggle_class("-settings")
        panel = self.query_one(SettingsPanel)
        self.call_after_refresh((panel if self.has_class("-settings") else self.main_plot).focus)
        self._show_again()

    def ask_for_filter(self) -> None:
        """Filter the settings if they have focus, else the charts of the grid."""
        panel, grid, view_state = (
            self.query_one(SettingsPanel), self.query_one(ChartGrid), self._view_state,
        )  # fmt: skip
        if view_state is None:
            return

        def choose_settings(words: str | None) -> None:
            if words is not None:
                panel.filter(words)

        def choose_charts(words: str | None) -> None:
            if words is not None:
                self._choose_grid(replace(grid.choice, words=words, page=0))

        if panel.has_focus:
            prompt = TextPrompt(Content("Filter settings"), panel.words, panel.problem)
            self.app.push_screen(prompt, choose_settings)
        else:
            problem = partial(grid.problem, view_state)
            prompt = TextPrompt(Content("Filter charts by name"), grid.choice.words, problem)
            self.app.push_screen(prompt, choose_charts)

    # Small terminals

    @property
    def is_full(self) -> bool:
        """Whether one panel is shown alone."""
        return self.has_class("-one")

    def toggle_full(self) -> None:
        """Show the focused panel alone, or all panels."""
        focused = self.screen.focused
        if self.is_full:
            self.query(".-full").remove_class("-full")
            self.remove_class("-one")
        else:
            self._show_alone(focused if isinstance(focused, Panel) else self.main_plot)

    def _show_alone(self, panel: Panel[Any]) -> None:
        self.query(".-full").remove_class("-full")
        panel.add_class("-full")
        for ancestor in panel.ancestors:
            if ancestor.has_class("column"):
                ancestor.add_class("-full")
        self.add_class("-one")

    @property
    def is_paged(self) -> bool:
        """Whether the terminal is too small for all panels; the grid fits any but a tiny one."""
        narrow = self.screen.has_class("-narrow") and not self.has_grid
        return narrow or self.screen.has_class("-tiny")

    @property
    def _third_is_on_other_page(self) -> bool:
        elsewhere = any(map(self.has_class, ("-other", "-settings", "-one")))
        return self.is_paged and not (elsewhere or self.screen.has_class("-tiny"))

    def next_page(self) -> None:
        """Show the other column where only one fits; on a tiny terminal, the next single panel."""
        if self.screen.has_class("-tiny"):
            panels = self._all_panels()
            shown = [panel for panel in panels if panel.has_class("-full")] or [self.main_plot]
            following = panels[(panels.index(shown[0]) + 1) % len(panels)]
            self._show_alone(following)
            following.focus()
            return
        self.toggle_class("-other")
        self.query_one("#accuracy" if self.has_class("-other") else "#loss").focus()


@lru_cache(maxsize=2)  # a redraw rarely follows a change of the run
def _emptiness(run: Snapshot, alive: bool) -> dict[str, bool]:
    """Classes that give the space of empty panels to the others, the same at every step of a run.

    A constant accuracy is shown while the run is alive, since it may change.
    """
    is_shown = curves.has_accuracy(run) if run.evaluations else True
    if is_shown and not alive and len(run.evaluations.get("step", ())) > 1:
        is_shown = curves.accuracy_varies(run)
    return {"-no-samples": not run.samples, "-no-accuracy": not is_shown}
