"""A chart of the run: where the mouse points, what its own keys do, and its picture."""

from collections.abc import Hashable
from typing import final

from rich.style import Style
from textual import events
from textual.content import Content
from textual.message import Message
from textual.strip import Strip

from memlab.charts import Layout, draw, layout
from memlab.tui.live.curves import Measure
from memlab.tui.live.keys import CHART
from memlab.tui.live.moment import Moment
from memlab.tui.live.panel import Panel
from memlab.tui.live.strips import strips
from memlab.tui.theme import chart_theme

_ZOOM = 0.8


@final
class ChartPanel(Panel):
    """Draws what a measure makes of the moment."""

    KEYS = CHART
    DEFAULT_CSS = "ChartPanel { min-height: 7; }"
    BINDINGS = CHART.bindings()

    class Pointed(Message):
        """The mouse points at a step."""

        def __init__(self, step: int) -> None:
            self.step = step
            super().__init__()

    class Zoomed(Message):
        """The wheel was turned at a step."""

        def __init__(self, factor: float, step: float) -> None:
            self.factor, self.step = factor, step
            super().__init__()

    def __init__(self, name: str, measure: Measure, *, y_log: bool = False, id: str) -> None:
        super().__init__(id=id)
        self.y_log = y_log
        self._chosen: tuple[str, Measure] = (name, measure)
        self._where: Layout | None = None
        self._strips: list[Strip] = []

    def choose(self, name: str, measure: Measure) -> None:
        """Draw another measure from now on."""
        self._chosen = (name, measure)
        self.draw()

    @property
    def chosen(self) -> str:
        """The name of what is drawn."""
        return self._chosen[0]

    def depends(self, moment: Moment) -> Hashable:
        """Data, look and axes."""
        return moment.version, moment.look, self.y_log, self.chosen

    def heading(self, moment: Moment) -> Content:
        """The measure and its axes, and what is to be known of its cursor."""
        look = moment.look
        said = [self.chosen, "log y" if self.y_log else "", "log x" if look.x_log else ""]
        if self.id == "loss":
            said.append(f"smoothing {look.weight:g}" if look.weight else "raw")
        if look.window:
            low, high = look.span(moment.step)
            said.append(f"steps {low:,.0f} to {high:,.0f}")
        if look.hide_outliers:
            said.append("without outliers")
        title = Content(" · ".join(filter(None, said)))
        return title + self._values(moment) if self.id == "loss" else title

    def _values(self, moment: Moment) -> Content:
        """Every per-step value at the reading cursor."""
        if moment.look.reading is None:
            return Content("")
        steps, rows = moment.view.steps.read(moment.reading, moment.reading)
        values = zip(moment.view.steps.columns, rows[0].tolist(), strict=True) if len(steps) else ()
        said = "  ".join(f"{name} {value:.4g}" for name, value in values)
        return Content.styled(f"  step {moment.reading:,}  {said}", "$text")

    def paint(self, moment: Moment) -> None:
        """Draw the chart."""
        width, height = self.size
        chart = self._chosen[1](moment, self.y_log, width)
        self._where = layout(chart, width, height)
        theme = chart_theme(self.app.current_theme, self.app.no_color)
        self._strips = strips(draw(chart, width, height, theme))

    def render_line(self, y: int) -> Strip:
        """A line of the chart as it was drawn last."""
        line = self._strips[y] if y < len(self._strips) else Strip.blank(0)
        ground = Style(bgcolor=self.background_colors[1].rich_color)
        return line.adjust_cell_length(self.size.width).apply_style(ground)

    def _step_at(self, event: events.MouseEvent) -> float | None:
        at = event.get_content_offset(self)
        if self._where is None or at is None or not at.x - self._where.left >= 0:
            return None
        return self._where.step(at.x - self._where.left)

    def on_click(self, event: events.Click) -> None:
        """Read the values where the mouse points."""
        if (step := self._step_at(event)) is not None:
            self.post_message(self.Pointed(round(step)))

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        """Look closer at where the mouse points."""
        self._turn(event, _ZOOM)

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        """Look from farther away."""
        self._turn(event, 1 / _ZOOM)

    def _turn(self, event: events.MouseEvent, factor: float) -> None:
        event.stop()
        if (step := self._step_at(event)) is not None:
            self.post_message(self.Zoomed(factor, step))

    def action_log_y(self) -> None:
        """Change between logarithmic and linear values."""
        self.y_log = not self.y_log
        self.draw()
