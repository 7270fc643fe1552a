"""A chart or a map of the run, and what is said above it."""

from collections.abc import Hashable
from typing import final

from textual.content import Content

from memlab.charts import Chart, Tiles
from memlab.record.events import SPARSE
from memlab.record.safe_text import safe_text
from memlab.tui.live import learned_map
from memlab.tui.live.curves import Measure, is_log
from memlab.tui.live.moment import Moment
from memlab.tui.live.panel import link
from memlab.tui.live.plot import Plot, log_link, part_shown


@final
class ChartPanel(Plot[Moment]):
    """Draws what a measure makes of the moment."""

    DEFAULT_CSS = "ChartPanel { min-height: 7; }"

    def __init__(self, name: str, measure: Measure, *, y_log: bool = False, id: str) -> None:
        super().__init__(y_log=y_log, id=id)
        self._chosen: tuple[str, Measure] = (name, measure)
        self._caption: str | None = None
        """of a map"""

    def choose(self, name: str, measure: Measure) -> None:
        """Draw another measure from now on, on the axis that suits it."""
        self._chosen, self.y_log = (name, measure), is_log(name)
        self.draw()

    @property
    def chosen(self) -> str:
        """The name of what is drawn."""
        return self._chosen[0]

    def depends(self, moment: Moment) -> Hashable:
        """Data, look and axes; a map is as old as its checkpoint."""
        if self.chosen == learned_map.NAME:
            return moment.learned.known(moment.reading), self.chosen
        return moment.version, moment.look, self.y_log, self.chosen

    def picture(self, moment: Moment) -> Chart | Tiles:
        """The measure's."""
        made = self._chosen[1](moment, self.y_log, self.size.width)
        self._caption = made.caption if isinstance(made, Tiles) else None
        return made

    def heading(self, moment: Moment) -> Content:
        """The measure and its axes, and what is to be known of its cursor."""
        if self._caption is not None:
            return Content(" · ").join([self._measure_name(), Content(self._caption)])
        look = moment.look
        said = [self._measure_name(), *self._values(moment)]
        said.append(log_link("y", self.y_log, "log_y"))
        if self.id == "loss":
            said.append(log_link("x", look.x_log, "screen.log_x"))
            said.append(Content(f"smoothing {look.weight:g}" if look.weight else "raw"))
        said += part_shown(look, moment.extent, "steps")
        return Content(" · ").join(said)

    def _measure_name(self) -> Content:
        if self.id == "third":
            return link(f"{safe_text(self.chosen, 40)} ▸", "screen.measure(1)")
        return Content(self.chosen)

    def _values(self, moment: Moment) -> list[Content]:
        """Every per-step value at the reading cursor, for the first chart."""
        if moment.look.reading is None or self.id != "loss":
            return []
        known = {k: v for k, v in moment.row.items() if k not in SPARSE or v == v}
        said = (f"{safe_text(name, 20)} {value:.4g}" for name, value in known.items())
        return [Content.styled("  ".join([f"step {moment.reading:,}", *said]), "$text")]
