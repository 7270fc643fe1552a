"""A screen that shows what another process computes, and its progress until then."""

from abc import abstractmethod
from collections.abc import Callable

from textual import work
from textual.content import Content
from textual.screen import Screen
from textual.widgets import Static

from memlab.errors import MemlabError
from memlab.tui.safe_content import one_line, safe
from memlab.tui.training_functions import Report

MOST_LINES = 40
"""lines of progress that are kept"""


class ComputedScreen(Screen[None]):
    """Has a `Static` with the id "progress". Leaving the screen ends the computation."""

    def __init__(self, compute: Callable[[Report], None] | None) -> None:
        """`compute` returns when the process has ended; None = only what is kept can be shown."""
        super().__init__()
        self._compute_in_process = compute
        self._progress: list[str] = []
        self._left = False

    @abstractmethod
    def show_kept(self) -> bool:
        """Show what is kept in the run's folder; false if there is nothing."""

    def begin(self) -> None:
        """Show what is kept, else begin to compute it."""
        if not self.show_kept() and self._compute_in_process is not None:
            self._tell("starting a process")
            self._compute(self._compute_in_process)

    def on_unmount(self) -> None:
        """End the computation with its next line of progress."""
        self._left = True

    def action_back(self) -> None:
        self.dismiss()

    @work(thread=True, group="compute")
    def _compute(self, compute: Callable[[Report], None]) -> None:
        problem = ""
        try:
            compute(self._reported)
        except (MemlabError, OSError) as error:
            problem = one_line(error)
        if not self._left:
            self.app.call_from_thread(self._computed, problem)

    def _reported(self, line: str) -> bool:
        if not self._left:
            self.app.call_from_thread(self._tell, line)
        return not self._left

    def _tell(self, line: str) -> None:
        """Add a line of progress."""
        self._progress = [*self._progress, line][-MOST_LINES:]
        room = max(self.size.height - 6, 1)
        lines = [safe(text, 200, style="$foreground-muted") for text in self._progress[-room:-1]]
        lines.append(safe(self._progress[-1], 200))
        self.query_one("#progress", Static).update(Content("\n").join(lines))

    def _computed(self, problem: str) -> None:
        if not self.show_kept():
            self._tell(problem or "nothing was kept")
