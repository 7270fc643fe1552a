"""The heat map of a sweep: a measure over two of its settings, with one cell selected."""

from collections.abc import Hashable
from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar, final

from textual.binding import BindingType
from textual.content import Content
from textual.events import Click
from textual.message import Message

from memlab.charts.draw import message
from memlab.figures.kinds.heatmap import cell_grid
from memlab.figures.plot import CellGrid
from memlab.figures.sweep_grid import SweepGrid, axis_name, grid_through
from memlab.record.safe_text import safe_text
from memlab.sweeps.tables import Results
from memlab.tui.plots.painted_panel import PaintedPanel
from memlab.tui.plots.panel import link
from memlab.tui.sweeps.heat_map_text import draw_heat_map, heat_map_layout
from memlab.tui.sweeps.keys import HEAT_MAP
from memlab.tui.sweeps.selection import SweepSelection
from memlab.tui.theme import chart_theme

NO_AXES = "this sweep varies only seeds"


@final
@dataclass(frozen=True, eq=False)
class SweepMapView:
    """The results and the selection to draw."""

    results: Results
    selection: SweepSelection

    @cached_property
    def layout(self) -> SweepGrid | None:
        """The slice of cells over both axes that contains the selected cell; None = no axis."""
        axes = self.selection.axes(self.results)
        if axes is None:
            return None
        return grid_through(self.results, *axes, self.selection.selected_cell(self.results))

    @cached_property
    def grid(self) -> CellGrid | None:
        """The values to draw, as in figures."""
        name = self.selection.measure
        return self.layout and cell_grid(self.layout, name, is_event=name in self.results.events)

    @cached_property
    def places(self) -> dict[int, tuple[int, int]]:
        """Number of a cell to its row and column."""
        return {cell.cell.number: (i, j) for i, j, cell in self.layout or () if cell is not None}

    @property
    def selected(self) -> tuple[int, int]:
        """Row and column of the selected cell."""
        return self.places[self.selection.selected_cell(self.results).number]


@final
class SweepMap(PaintedPanel[SweepMapView]):
    """Draws the map; arrows and clicks select a cell."""

    KEYS = HEAT_MAP
    BINDINGS: ClassVar[list[BindingType]] = KEYS.bindings()
    DEFAULT_CSS = "SweepMap { height: 1fr; width: 1fr; }"

    @dataclass
    class MapCellChosen(Message):
        """Another cell was selected."""

        cell: int
        """its number"""
        again: bool = False
        """the selected cell was clicked"""

    def depends(self, view_state: SweepMapView) -> Hashable:
        """The results, which are the same object while nothing has changed, and the selection."""
        return view_state.results, view_state.selection

    def paint(self, view_state: SweepMapView) -> None:
        """Draw the map."""
        theme = None if self.app.no_color else chart_theme(self.app.current_theme)
        width, height = self.size
        if view_state.grid is None:
            lines = message(NO_AXES, width, height)
        else:
            lines = draw_heat_map(view_state.grid, view_state.selected, width, height, theme)
        self.keep_lines(lines)

    def heading(self, view_state: SweepMapView) -> list[Content]:
        """The measure, the axes and the other settings of the slice."""
        selection, layout = view_state.selection, view_state.layout
        is_event = selection.measure in view_state.results.events
        what = f"steps to {selection.measure}" if is_event else selection.measure
        parts = [link(f"{safe_text(what, 40)} ▸", "screen.cycle_measure(1)")]
        if layout is not None:
            parts.append(link(f"x {axis_name(layout.x.key)} ▸", "screen.cycle_x"))
            if layout.y is not None:
                parts.append(link(f"y {axis_name(layout.y.key)} ▸", "screen.cycle_y"))
            if layout.fixed:
                parts.append(Content(layout.title))
        return parts

    def action_move(self, right: int, down: int) -> None:
        """Select the next cell in a direction; gaps are skipped."""
        if self.view_state is None or self.view_state.grid is None:
            return
        rows, columns = self.view_state.grid.values.shape
        i, j = self.view_state.selected
        numbers = {place: number for number, place in self.view_state.places.items()}
        while 0 <= i + down < rows and 0 <= j + right < columns:
            i, j = i + down, j + right
            if (i, j) in numbers:
                self.post_message(self.MapCellChosen(numbers[i, j]))
                return

    def on_click(self, event: Click) -> None:
        """Select the clicked cell; a second click opens it."""
        offset = event.get_content_offset(self)
        view = self.view_state
        grid = view and view.grid
        if offset is None or view is None or grid is None:
            return
        where = heat_map_layout(grid, view.selected, *self.size)
        place = where.cell_at(offset.x, offset.y)
        number = next((n for n, at in view.places.items() if at == place), None)
        if number is not None:
            self.post_message(self.MapCellChosen(number, again=place == view.selected))
