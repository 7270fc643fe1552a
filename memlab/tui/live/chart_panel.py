"""A chart or a map of the run: where the mouse points, what its own keys do, and its picture."""

from collections.abc import Hashable
from dataclasses import dataclass
from typing import final

from rich.style import Style
from textual import events
from textual.content import Content
from textual.message import Message
from textual.strip import Strip

from memlab.charts import Chart, Layout, Tiles, draw, draw_tiles, layout
from memlab.record.events import SPARSE
from memlab.record.safe_text import safe_text
from memlab.tui.live.curves import Measure
from memlab.tui.live.keys import CHART
from memlab.tui.live.moment import Moment
from memlab.tui.live.panel import Panel, link
from memlab.tui.live.strips import strips
from memlab.tui.theme import chart_theme

_ZOOM, _PAN = 0.8, 0.1
"""What one turn of the wheel does: times and share of the steps shown."""


@final
class ChartPanel(Panel):
    """Draws what a measure makes of the moment."""

    KEYS = CHART
    DEFAULT_CSS = "ChartPanel { min-height: 7; }"
    BINDINGS = CHART.bindings()

    @dataclass
    class Pointed(Message):
        """The mouse points at a step."""

        step: int

    @dataclass
    class Zoomed(Message):
        """The wheel was turned at a step."""

        factor: float
        step: float

    @dataclass
    class Panned(Message):
        """The wheel was turned sideways, by a share of the steps shown."""

        share: float

    def __init__(self, name: str, measure: Measure, *, y_log: bool = False, id: str) -> None:
        super().__init__(id=id)
        self.y_log = y_log
        self._chosen: tuple[str, Measure] = (name, measure)
        self._picture: Chart | Tiles = Chart()
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
        if isinstance(self._picture, Tiles):
            said = [self._measure_name(), Content(self._picture.caption)]
            return Content(" · ").join(filter(None, said))
        look = moment.look
        said = [self._measure_name(), link("log y" if self.y_log else "linear y", "log_y")]
        if self.id == "loss":
            said.append(link("log x" if look.x_log else "linear x", "screen.log_x"))
            said.append(Content(f"smoothing {look.weight:g}" if look.weight else "raw"))
        if look.window:
            low, high = look.span(moment.step)
            said.append(link(f"steps {low:,.0f} to {high:,.0f}", "screen.reset"))
        if look.hide_outliers:
            said.append(link("without outliers", "screen.outliers"))
        title = Content(" · ").join(said)
        return title + self._values(moment) if self.id == "loss" else title

    def _measure_name(self) -> Content:
        if self.id == "third":
            return link(f"{safe_text(self.chosen, 40)} ▸", "screen.measure(1)")
        return Content(self.chosen)

    def _values(self, moment: Moment) -> Content:
        """Every per-step value at the reading cursor."""
        if moment.look.reading is None:
            return Content("")
        steps, rows = moment.view.steps.read(moment.reading, moment.reading)
        values = zip(moment.view.steps.columns, rows[0].tolist(), strict=True) if len(steps) else ()
        known = [(name, value) for name, value in values if name not in SPARSE or value == value]
        said = "  ".join(f"{safe_text(name, 20)} {value:.4g}" for name, value in known)
        return Content.styled(f"  step {moment.reading:,}  {said}", "$text")

    def paint(self, moment: Moment) -> None:
        """Draw the chart or the map."""
        width, height = self.size
        theme = chart_theme(self.app.current_theme, self.app.no_color)
        self._picture = picture = self._chosen[1](moment, self.y_log, width)
        if isinstance(picture, Tiles):
            self._where, drawn = None, draw_tiles(picture, width, height, theme)
        else:
            self._where = layout(picture, width, height)
            drawn = draw(picture, width, height, theme)
        self._strips = strips(drawn)

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

    def on_mouse_down(self, event: events.MouseDown) -> None:
        """Read the values where the mouse points."""
        self._point(event)

    def on_mouse_move(self, event: events.MouseMove) -> None:
        """Read along while the button is held."""
        if event.button:
            self._point(event)

    def _point(self, event: events.MouseEvent) -> None:
        if (step := self._step_at(event)) is not None:
            self.post_message(self.Pointed(round(step)))

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        """Look closer at where the mouse points."""
        self._turn(event, _ZOOM)

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        """Look from farther away."""
        self._turn(event, 1 / _ZOOM)

    def on_mouse_scroll_left(self, event: events.MouseScrollLeft) -> None:
        """Earlier steps."""
        event.stop()
        self.post_message(self.Panned(-_PAN))

    def on_mouse_scroll_right(self, event: events.MouseScrollRight) -> None:
        """Later steps."""
        event.stop()
        self.post_message(self.Panned(_PAN))

    def _turn(self, event: events.MouseEvent, factor: float) -> None:
        event.stop()
        if event.shift or event.ctrl:
            self.post_message(self.Panned(_PAN if factor > 1 else -_PAN))
        elif (step := self._step_at(event)) is not None:
            self.post_message(self.Zoomed(factor, step))

    def action_log_y(self) -> None:
        """Change between logarithmic and linear values."""
        self.y_log = not self.y_log
        self.draw()
