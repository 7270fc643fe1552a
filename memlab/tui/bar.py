"""The line at the top of every screen: where one is, where one can go, what trains."""

from typing import TYPE_CHECKING, ClassVar

from textual.content import Content
from textual.style import Style
from textual.widget import Widget

from memlab.record.safe_text import safe_text

if TYPE_CHECKING:
    from memlab.tui.app import Memlab

SCREENS = (("lab", "Lab"), ("live", "Live"), ("runs", "Runs"), ("compare", "Compare"), ("replay", "Replay"))  # fmt: skip


class Bar(Widget):
    """Tabs for the mouse, and how far the run of this process is."""

    DEFAULT_CSS: ClassVar[str] = """
    Bar { dock: top; height: 1; background: $panel; color: $foreground; padding: 0 1; }
    """
    app: "Memlab"

    def on_mount(self) -> None:
        """Follow the run that trains."""
        self.set_interval(1.0, self._follow)

    def _follow(self) -> None:
        if self.screen.is_current:
            self.refresh()

    def render(self) -> Content:
        """The tabs on the left, the run on the right."""
        tabs = self._tabs()
        status = Content(self._status())
        room = self.size.width - tabs.cell_length - status.cell_length
        return tabs if room < 1 else Content.assemble(tabs, " " * room, status)

    def _tabs(self) -> Content:
        parts: list[Content] = [] if self.size.width < 60 else [Content.styled("memlab ", "bold")]
        for number, (mode, title) in enumerate(SCREENS, 1):
            here = mode == self.app.current_mode
            dot = "●" if mode == "live" and self.app.training.current else ""
            style = Style.parse("reverse bold" if here else "") + Style.from_meta(
                {"@click": f"app.go('{mode}')"}
            )
            parts.append(Content.styled(f" {number} {title}{dot} ", style))
        return Content("").join(parts)

    def _status(self) -> str:
        folder = self.app.training.current
        if folder is None:
            return ""
        waiting = len(self.app.training.waiting)
        more = f"  +{waiting} waiting" if waiting else ""
        name = safe_text(folder.labels().name or folder.path.name, 30)
        where = f"step {folder.last_step():,}" if folder.path.exists() else "its folder is gone"
        return f"▶ {name}  {where}{more}"
