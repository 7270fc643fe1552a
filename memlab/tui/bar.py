"""The top line of every screen: tabs, and progress of the run that is training."""

from typing import ClassVar, cast

from textual.content import Content
from textual.style import Style

from memlab.tui.console import Console
from memlab.tui.names import start_and_end
from memlab.tui.screens import SCREENS
from memlab.tui.still import Still

SHORT = 58
"""Width in cells below which only the current tab shows its title."""


class Bar(Still):
    """Tabs, and the progress of the run that trains in this process."""

    ALLOW_SELECT: ClassVar[bool] = False
    DEFAULT_CSS: ClassVar[str] = """
    Bar { dock: top; height: 1; background: $panel; color: $foreground; padding: 0 1; }
    """

    @property
    def console(self) -> Console:
        return cast(Console, self.app)

    def __init__(self) -> None:
        super().__init__()
        self._drawn: tuple[bool, str] | None = None
        """whether a run trains in this process, and the text about it"""

    def on_mount(self) -> None:
        self.set_interval(1.0, self._refresh_if_changed)

    def _refresh_if_changed(self) -> None:
        if self.screen.is_current and self._training() != self._drawn:
            self.refresh()

    def _training(self) -> tuple[bool, str]:
        return self.console.training.current is not None, self._status()

    def render(self) -> Content:
        """Tabs on the left, the run on the right."""
        self._drawn = self._training()
        tabs = self._tabs()
        status = Content(self._drawn[1])
        room = self.size.width - tabs.cell_length - status.cell_length
        return tabs if room < 1 else Content.assemble(tabs, " " * room, status)

    def _tabs(self) -> Content:
        parts: list[Content] = [] if self.size.width < 66 else [Content.styled("memlab ", "bold")]
        for entry in SCREENS:
            is_current = entry.mode == self.console.current_mode
            dot = "●" if entry.mode == "live" and self.console.training.current else ""
            style = Style.parse("reverse bold" if is_current else "") + Style.from_meta(
                {"@click": f"app.go('{entry.mode}')"}
            )
            title = f" {entry.title}" if is_current or self.size.width >= SHORT else ""
            parts.append(Content.styled(f" {entry.key}{title}{dot} ", style))
        return Content("").join(parts)

    def _status(self) -> str:
        folder = self.console.training.current
        if folder is None:
            return "read-only" if self.console.read_only else ""
        waiting = len(self.console.training.waiting)
        more = f"  +{waiting} waiting" if waiting else ""
        name = start_and_end(folder.display_name, 30)
        where = f"step {folder.last_step():,}" if folder.path.exists() else "folder deleted"
        return f"▶ {name}  {where}{more}"
