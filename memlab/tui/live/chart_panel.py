"""A chart or a map of the run, with its title."""

from collections.abc import Hashable
from typing import cast, final

from textual.content import Content

from memlab.charts import Chart, Tiles
from memlab.record.events import SPARSE
from memlab.record.safe_text import safe_text
from memlab.tui.live import learned_map
from memlab.tui.live.curves import ChartOf, declared, is_log
from memlab.tui.live.view_state import ViewState
from memlab.tui.plots.chart_screen import ChartScreen
from memlab.tui.plots.panel import link
from memlab.tui.plots.plot import Plot, log_link, part_shown


@final
class ChartPanel(Plot[ViewState]):
    DEFAULT_CSS = "ChartPanel { min-height: 7; }"

    def __init__(self, name: str, measure: ChartOf, *, y_log: bool = False, id: str) -> None:
        super().__init__(y_log=y_log, id=id)
        self._chosen: tuple[str, ChartOf] = (name, measure)
        self._caption: str | None = None
        """of a map"""

    def choose(self, name: str, measure: ChartOf) -> None:
        """Draw another measure, on its declared axis."""
        if name != self.chosen and self.view_state is not None:
            self.y_log = is_log(self.view_state, name)
        self._chosen = (name, measure)
        self.draw()

    @property
    def chosen(self) -> str:
        """Name of the current measure."""
        return self._chosen[0]

    def depends(self, view_state: ViewState) -> Hashable:
        """Data, viewport and axes; a map depends on its checkpoint."""
        if self.chosen == learned_map.FIRST_LEARNED:
            return view_state.learned.version(view_state.reading), self.chosen
        shown = view_state.version, view_state.viewport, view_state.baseline
        return *shown, self.y_log, self.chosen

    @property
    def measure_name(self) -> str:
        return self.chosen

    @property
    def is_share(self) -> bool:
        return self.view_state is not None and declared(self.view_state, self.chosen).is_share

    def picture(self, view_state: ViewState, columns: int) -> Chart | Tiles:
        picture = self._chosen[1](view_state, self.y_log, columns)
        self._caption = picture.caption if isinstance(picture, Tiles) else None
        return picture

    @property
    def columns(self) -> int:
        """Those of the widest chart."""
        return cast(ChartScreen, self.screen).widest

    def heading(self, view_state: ViewState) -> list[Content]:
        """The measure, its axes, and the values at the cursor."""
        if self._caption is not None:
            return [self._measure_name(), Content(self._caption)]
        viewport = view_state.viewport
        parts = [self._measure_name(), *self._values(view_state)]
        parts.append(log_link("y", self.y_log, "log_y"))
        if self.id == "loss":
            parts.append(log_link("x", viewport.x_log, "screen.log_x"))
            parts.append(Content(f"smoothing {viewport.weight:g}" if viewport.weight else "raw"))
        parts += part_shown(viewport, view_state.extent, "steps")
        return parts

    def _measure_name(self) -> Content:
        if self.id == "third":
            return link(f"{safe_text(self.chosen, 40)} ▸", "screen.measure(1)")
        return Content(safe_text(self.chosen, 40))

    def _values(self, view_state: ViewState) -> list[Content]:
        """Every per-step value at the reading cursor, for the first chart."""
        if view_state.viewport.reading is None or self.id != "loss":
            return []
        values = {k: v for k, v in view_state.row.items() if k not in SPARSE or v == v}
        names = {"loss": view_state.folder.facts.update_loss}
        parts = (f"{safe_text(names.get(k, k), 20)} {value:.4g}" for k, value in values.items())
        return [Content.styled("  ".join([f"step {view_state.reading:,}", *parts]), "$text")]
