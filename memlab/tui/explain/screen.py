"""The explanation of a spike: progress of its computation, then changes as table and curves."""

from collections.abc import Callable
from typing import ClassVar, final

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.widgets import Static

from memlab.record.events import Spike
from memlab.record.explanation import PREVENTS, Explanation, TriedChange, read_explanation
from memlab.record.folder import RunFolder
from memlab.tui.computed_screen import ComputedScreen
from memlab.tui.explain.keys import EXPLAIN
from memlab.tui.explain.trials import ShownTrials, TrialsPlot
from memlab.tui.footer import Footer
from memlab.tui.safe_content import safe
from memlab.tui.table import Column, Table
from memlab.tui.training_functions import ReportProgress

COLUMNS = (
    Column("change", "change", 28),
    Column("kind", "kind", 11),
    Column("effect", "effect", 9),
    Column("peak", "peak", 8, "right"),
    Column("step", "at step", 8, "right"),
)


@final
class ExplanationScreen(ComputedScreen):
    """Shows which changes prevent a spike.

    Args:
        folder: the run.
        spike: one of its spikes.
        compute: explains the spike in a separate process; None = only a stored explanation is
            shown.
    """

    KEYS = EXPLAIN
    BINDINGS: ClassVar[list[BindingType]] = KEYS.bindings()
    AUTO_FOCUS = "#changes"
    CSS_PATH = "explain.tcss"
    HORIZONTAL_BREAKPOINTS: ClassVar[list[tuple[int, str]]] = [(0, "-narrow"), (110, "-normal")]  # type: ignore[misc]

    def __init__(
        self, folder: RunFolder, spike: Spike, compute: Callable[[ReportProgress], None] | None
    ) -> None:
        super().__init__(compute)
        self._folder, self._spike = folder, spike
        self._explanation: Explanation | None = None

    def compose(self) -> ComposeResult:
        """The spike, the conclusion, the table and the curves."""
        yield Static(id="spike")
        yield Static(id="sentence")
        yield Static(id="progress")
        with Horizontal(id="explained"):
            with Vertical(id="table"):
                yield Table(id="changes")
            yield TrialsPlot(y_log=True, id="trials")
        yield Footer()

    def on_mount(self) -> None:
        spike = self._spike
        name = safe(self._folder.display_name, 40)
        values = f"{spike.base:.3g} to {spike.peak:.3g} at step {spike.peak_step:,}"
        words = f" · spike at step {spike.onset:,}: {values}"
        self.query_one("#spike", Static).update(Content.assemble((name.plain, "bold"), words))
        self.show_or_compute()

    def show_stored(self) -> bool:
        """Show the stored explanation; false if there is none."""
        explanation = read_explanation(self._folder, self._spike.onset)
        if explanation is None:
            return False
        self._explanation = explanation
        self.add_class("-explained")
        self.query_one("#sentence", Static).update(safe(explanation.sentence, 800))
        rows = [_cells(change) for change in explanation.changes]
        self.query_one("#changes", Table).show(COLUMNS, len(rows), lambda row: rows[row], fixed=1)
        self._show_curves()
        self.call_after_refresh(self.query_one("#changes", Table).focus)
        return True

    @on(Table.RowMoved)
    def _show_curves(self) -> None:
        if self._explanation is not None and self._explanation.changes:
            focus = self.query_one("#changes", Table).cursor
            plot = self.query_one(TrialsPlot)
            plot.show(ShownTrials(self._explanation, focus))

    def action_full(self) -> None:
        self.toggle_class("-one")

    def action_log_y(self) -> None:
        self.query_one(TrialsPlot).action_log_y()


def _cells(change: TriedChange) -> list[Content]:
    style = "$text-success" if change.effect == PREVENTS else ""
    return [
        safe(change.name, 60),
        safe(change.kind, 20, style="$foreground-muted"),
        safe(change.effect, 20, style=style),
        Content(f"{change.peak:.3g}"),
        Content(f"{change.peak_step:,}"),
    ]
