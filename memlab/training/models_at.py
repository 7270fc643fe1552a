"""The model of a run at any of its steps: of a checkpoint, or recomputed exactly."""

from collections.abc import Callable
from typing import final

from memlab.errors import RunError
from memlab.models.transformer import Transformer
from memlab.preset.run_preset import preset_of
from memlab.record.folder import RunFolder
from memlab.record.history import History
from memlab.training.checkpoint import load_weights
from memlab.training.device import choose_device
from memlab.training.recompute import Recomputation
from memlab.training.run_data import RunData

PROGRESS_STEPS = 500
"""recomputed steps between two lines of progress"""

ReportLine = Callable[[str], None]
"""called with a line that says what is computed now"""


def report_every(steps: int, report: ReportLine) -> Callable[[int], None]:
    """A function that reports the step that recomputation has reached, once in so many steps."""
    reported = 0

    def progress(step: int) -> None:
        nonlocal reported
        if step // steps > reported // steps:
            report(f"recomputed up to step {step:,}")
        reported = step

    return progress


@final
class ModelsAt:
    """The models of a run at steps; the data are made once.

    Ask for steps in ascending order: recomputation goes on from the step before, or from a
    checkpoint that is nearer.
    """

    def __init__(
        self, folder: RunFolder, device: str = "auto", report: ReportLine = lambda line: None
    ) -> None:
        self.folder, self._device, self._report = folder, device, report
        self._last_step = History(folder).until().last_step
        self._recomputation: Recomputation | None = None
        self.run_data = RunData(preset_of(folder), choose_device(device))

    def model(self, step: int) -> Transformer:
        """A copy of the model after update `step`.

        Raises:
            RunError: the run has no such step, or a recomputed row differs from the recorded one.
        """
        data = self.run_data
        model = Transformer(data.preset.model, len(data.dataset.vocabulary), data.facts.n_ctx)
        if step in self.folder.checkpoints.steps():
            stored = self.folder.checkpoints.load(step, need="weights")
            load_weights(model, stored.files["model.safetensors"])
        else:
            model.load_state_dict(self._recomputed(step).state_dict())
        return model.to(data.device)

    def _recomputed(self, step: int) -> Transformer:
        if not 0 <= step <= self._last_step:
            raise RunError(
                "the run has no such step",
                where=self.folder.path.name,
                found=str(step),
                allowed=f"0 to {self._last_step}",
            )
        known = self._recomputation
        if known is None or not self._from(step) <= known.start.state.step <= step:
            known = Recomputation.before(self.folder, step, self._last_step, self._device)
            self._recomputation = known
            self._report(f"recomputing from step {known.start.state.step:,}")
        known.go_to(step, report_every(PROGRESS_STEPS, self._report))
        return known.start.state.model

    def _from(self, step: int) -> int:
        """The newest checkpoint at a step or before, else step 0."""
        return self.folder.checkpoints.newest_to_resume(step) or 0
