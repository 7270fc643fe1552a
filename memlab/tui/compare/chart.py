"""A chart that fills its place and is drawn only when it, its size or the theme changes."""

from rich.text import Text
from textual.theme import Theme
from textual.widget import Widget

from memlab.charts import Chart, draw
from memlab.tui.theme import chart_theme


class Overlay(Widget):
    """Shows one chart."""

    def __init__(self) -> None:
        super().__init__(id="overlay")
        self._chart = Chart()
        self._picture: Text | None = None

    def on_mount(self) -> None:
        """Follow the theme."""
        self.app.theme_changed_signal.subscribe(self, self._theme_changed)

    def _theme_changed(self, theme: Theme) -> None:
        self.show(self._chart)

    def show(self, chart: Chart) -> None:
        """Show another chart."""
        self._chart, self._picture = chart, None
        self.refresh()

    def on_resize(self) -> None:
        """Draw anew."""
        self.show(self._chart)

    def render(self) -> Text:
        """The picture, made once."""
        if self._picture is None:
            theme = chart_theme(self.app.current_theme, self.app.no_color)
            picture = draw(self._chart, self.size.width, self.size.height, theme)
            self._picture = Text.from_ansi(picture, no_wrap=True, end="")
        return self._picture
