"""A screen for results that another process computes; shows its progress meanwhile."""

from abc import abstractmethod
from collections.abc import Callable

from textual import work
from textual.content import Content
from textual.screen import Screen
from textual.widgets import Static

from memlab.errors import MemlabError
from memlab.tui.safe_content import one_line, safe
from memlab.tui.training_functions import ReportProgress

MAX_LINES = 40
"""maximum number of stored lines of progress"""


class ComputedScreen(Screen[None]):
    """Has a `Static` with the id "progress". Closing the screen stops the computation."""

    def __init__(self, compute: Callable[[ReportProgress], None] | None) -> None:
        """`compute` returns when the process has exited; None = only stored results can be shown."""
        super().__init__()
        self._compute_in_process = compute
        self._progress: list[str] = []
        self._unmounted = False

    @abstractmethod
    def show_stored(self) -> bool:
        """Show the results stored in the run's folder; false if there are none."""

    def show_or_compute(self) -> None:
        """Show stored results, or start to compute them."""
        if not self.show_stored() and self._compute_in_process is not None:
            self._show_progress("starting a process")
            self._compute(self._compute_in_process)

    def on_unmount(self) -> None:
        """Stop the computation."""
        self._unmounted = True

    def action_back(self) -> None:
        self.dismiss()

    @work(thread=True, group="compute")
    def _compute(self, compute: Callable[[ReportProgress], None]) -> None:
        problem = ""
        try:
            compute(self._report)
        except (MemlabError, OSError) as error:
            problem = one_line(error)
        if not self._unmounted:
            self.app.call_from_thread(self._computed, problem)

    def _report(self, line: str | None) -> bool:
        if line is not None and not self._unmounted:
            self.app.call_from_thread(self._show_progress, line)
        return not self._unmounted

    def _show_progress(self, line: str) -> None:
        self._progress = [*self._progress, line][-MAX_LINES:]
        room = max(self.size.height - 6, 1)
        lines = [safe(text, 200, style="$foreground-muted") for text in self._progress[-room:-1]]
        lines.append(safe(self._progress[-1], 200))
        self.query_one("#progress", Static).update(Content("\n").join(lines))

    def _computed(self, problem: str) -> None:
        if not self.show_stored():
            if problem:  # it contains the last lines of progress
                self._progress.clear()
            self._show_progress(problem or "no result was stored")
