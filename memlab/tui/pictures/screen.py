"""Pictures of the model at a checkpoint: computed by another process, stored in the run's folder."""

from collections.abc import Callable
from typing import ClassVar, final

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.widgets import Static

from memlab.record.folder import RunFolder
from memlab.record.model_pictures import read_pictures
from memlab.tui.computed_screen import ComputedScreen
from memlab.tui.footer import Footer
from memlab.tui.live.cursor import neighbour
from memlab.tui.pictures.keys import PICTURES
from memlab.tui.pictures.panels import AttentionPanel, LogitTablePanel, SpectrumPanel
from memlab.tui.plots.panel import Panel
from memlab.tui.safe_content import safe
from memlab.tui.training_functions import ReportProgress
from memlab.tui.worker_running import worker_running

ComputePictures = Callable[[RunFolder, int, ReportProgress], None]


@final
class PicturesScreen(ComputedScreen):
    """Shows attention on a sample, the spectrum of the embedding and the logit table.

    Args:
        folder: the run.
        step: step of a checkpoint.
        compute: computes the pictures of a step in a separate process.
    """

    KEYS = PICTURES
    BINDINGS: ClassVar[list[BindingType]] = KEYS.bindings()
    AUTO_FOCUS = "#attention"
    CSS_PATH = "pictures.tcss"
    HORIZONTAL_BREAKPOINTS: ClassVar[list[tuple[int, str]]] = [(0, "-narrow"), (110, "-normal")]  # type: ignore[misc]

    def __init__(self, folder: RunFolder, step: int, compute: ComputePictures | None) -> None:
        def compute_step(report: ReportProgress) -> None:
            assert compute is not None
            compute(folder, self._step, report)

        super().__init__(compute and compute_step)
        self._folder, self._step = folder, step

    def compose(self) -> ComposeResult:
        """The pictures below the name of the run."""
        yield Static(id="model")
        yield Static(id="progress")
        with Horizontal(id="pictures"):
            with Vertical(id="left"):
                yield AttentionPanel(y_log=False, id="attention")
                yield SpectrumPanel(y_log=False, id="spectrum")
            yield LogitTablePanel(y_log=False, id="logits")
        yield Footer()

    def on_mount(self) -> None:
        self.show_or_compute()

    def show_stored(self) -> bool:
        """Show the stored pictures of the step; false if there are none."""
        name = safe(self._folder.display_name, 40).plain
        heading = Content.assemble((name, "bold"), f" · checkpoint at step {self._step:,}")
        self.query_one("#model", Static).update(heading)
        pictures = read_pictures(self._folder, self._step)
        self.set_class(pictures is not None, "-computed")
        if pictures is None:
            return False
        for panel in self.query("Panel"):
            assert isinstance(panel, Panel)
            panel.show(pictures)
        if self.focused is None:
            self.call_after_refresh(self.query_one(AttentionPanel).focus)
        return True

    def action_checkpoint(self, by: int) -> None:
        """Show the next or previous checkpoint."""
        step = neighbour(self._folder.checkpoints.steps(), self._step, by)
        if step is None or worker_running(self, "compute"):
            return
        self._step = step
        self.show_or_compute()

    def action_full(self) -> None:
        """Show the focused picture alone, or all."""
        alone = not self.has_class("-one")
        focused = self.focused or self.query_one(AttentionPanel)
        for widget in self.query("Panel, #left"):
            widget.set_class(alone and widget in focused.ancestors_with_self, "-full")
        self.set_class(alone, "-one")
