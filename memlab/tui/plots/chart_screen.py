"""Base of screens with charts on one x axis: zoom, pan, reading cursor."""

from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from textual import on, work
from textual.screen import Screen

from memlab.charts import HeatGrid
from memlab.record.folder import RunFolder
from memlab.record.safe_text import safe_text
from memlab.tui.messages import PinBaseline
from memlab.tui.plots.plot import Plot
from memlab.tui.plots.viewport import Viewport, XExtent
from memlab.tui.still import Still

if TYPE_CHECKING:
    from memlab.figures.plot import ShownPanel
    from memlab.tui.baseline import BaselineRun

FIGURE_COLUMNS = 600
"""columns for which curves are decimated; there are four segments per column"""


class ChartScreen(Screen[None], Still):
    """Implements the keys in `keys.CHART_SCREEN`. Subclasses define the x axis."""

    _widest: int | None = None
    """width of the widest plot in the current layout, once known"""

    def on_mount(self) -> None:
        """Measure the plots again after a change of the layout."""
        self.screen_layout_refresh_signal.subscribe(self, self._layout_changed, immediate=True)

    def _layout_changed(self, _: Screen[Any]) -> None:
        self._widest = None

    @property
    def widest(self) -> int:
        """Width of the widest plot: at one resolution, all charts share one reading of the rows."""
        if self._widest is None:
            plots = (node for node in self.walk_children() if isinstance(node, Plot))
            self._widest = max(plot.size.width for plot in plots)
        return self._widest

    @property
    @abstractmethod
    def viewport(self) -> Viewport:
        """Visible part, axes, smoothing, cursor."""

    @abstractmethod
    def see(self, viewport: Viewport) -> None:
        """Use another viewport."""

    @property
    @abstractmethod
    def extent(self) -> XExtent:
        """The whole x axis."""

    @property
    @abstractmethod
    def plot(self) -> Plot[Any]:
        """The chart whose columns the cursor moves by."""

    @abstractmethod
    def slide(self, by: int) -> None:
        """Handle panning where the whole axis is visible."""

    @abstractmethod
    def shown_runs(self) -> Mapping[str, str]:
        """Ids and names of the runs in the charts."""

    @property
    def run_to_pin(self) -> RunFolder | None:
        """The run that the key for the baseline pins."""
        return None

    def show_baseline(self) -> None:
        """Redraw with the pinned baseline, or without one."""

    @property
    def baseline(self) -> "BaselineRun | None":
        """The pinned baseline; None also without a console, as in `frame`."""
        pinned: BaselineRun | None = getattr(self.app, "baseline", None)
        return pinned

    def action_baseline(self) -> None:
        """Pin the run as the baseline, or unpin it."""
        if (folder := self.run_to_pin) is not None:
            self.post_message(PinBaseline(folder))

    @property
    def x_label(self) -> str:
        """Quantity on the x axis."""
        return "step"

    @property
    def is_full(self) -> bool:
        """Whether one panel is shown alone."""
        return self.has_class("-one")

    @abstractmethod
    def action_full(self) -> None:
        """Show one panel alone, or all panels."""

    def read_at(self, x: float) -> None:
        """Put the reading cursor on a position of the x axis."""
        self.see(self.viewport.read_at(x, self.extent))

    @on(Plot.PlotPointed)
    def _pointed_at(self, event: Plot.PlotPointed) -> None:
        self.read_at(event.x)

    @on(Plot.Panned)
    def _panned(self, event: Plot.Panned) -> None:
        self.see(self.viewport.panned(event.share, self.extent))

    @on(Plot.Zoomed)
    def _zoomed(self, event: Plot.Zoomed) -> None:
        self.see(self.viewport.zoomed(event.factor, self.extent, event.x))

    def action_read(self) -> None:
        if self.viewport.reading is not None:
            self.see(replace(self.viewport, reading=None))
            return
        low, high = self.viewport.span(self.extent)
        self.read_at(high if self.viewport.window is None else (low + high) / 2)

    def action_pan(self, by: int) -> None:
        """Move the reading cursor, else the window."""
        if self.viewport.reading is not None:
            self.see(self.viewport.read_on(by / max(self.plot.size.width, 1), self.extent))
        elif self.viewport.window:
            self.see(self.viewport.panned(by / 4, self.extent))
        else:
            self.slide(by)

    def action_zoom(self, factor: float) -> None:
        self.see(self.viewport.zoomed(factor, self.extent))

    def action_reset(self) -> None:
        self.see(replace(self.viewport, window=None))

    def action_log_x(self) -> None:
        self.see(replace(self.viewport, x_log=not self.viewport.x_log))

    def action_outliers(self) -> None:
        """Include or ignore outliers in the y range."""
        self.see(replace(self.viewport, hide_outliers=not self.viewport.hide_outliers))

    def action_marker(self) -> None:
        """Toggle between braille and block characters."""
        self.see(replace(self.viewport, blocks=not self.viewport.blocks))

    def shown_charts(self) -> "list[ShownPanel]":
        """Measures, whether they are shares, and pictures of the visible charts."""
        pictures = [
            (plot.measure_name, plot.is_share, plot.picture(plot.view_state, FIGURE_COLUMNS))
            for plot in self.query("Plot")
            if isinstance(plot, Plot) and plot.is_on_screen and plot.view_state is not None
        ]
        return [
            (name, is_share, picture)
            for name, is_share, picture in pictures
            if not isinstance(picture, HeatGrid)
        ]

    def action_save_figure(self) -> None:
        """Draw the visible charts with matplotlib, in a thread: importing it takes a second."""
        if self.app.is_web:
            self.notify("a browser tab cannot save figures, only pictures of the screen (ctrl+s)")
            return
        panels, runs = self.shown_charts(), self.shown_runs()
        if panels and runs:
            self._save_figure(panels, runs)

    @work(thread=True, group="figure")
    def _save_figure(self, panels: "list[ShownPanel]", runs: Mapping[str, str]) -> None:
        from memlab.figures.shown_charts import save_shown_charts

        try:
            path = save_shown_charts(panels, runs, self.x_label)
        except OSError as error:
            text = safe_text(f"figure not saved: {error.strerror}", 200)
            self.app.call_from_thread(self.notify, text, severity="error", markup=False)
        else:
            text = safe_text(f"saved {path}", 400)
            self.app.call_from_thread(self.notify, text, markup=False)

    def action_back(self) -> None:
        self.leave_view()

    def leave_view(self) -> bool:
        """Leave the full view, else remove the cursor, else the zoom; false if there is none."""
        if self.is_full:
            self.action_full()
        elif self.viewport.reading is not None:
            self.see(replace(self.viewport, reading=None))
        elif self.viewport.window is not None:
            self.action_reset()
        else:
            return False
        return True
