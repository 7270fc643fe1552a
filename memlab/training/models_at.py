"""The model of a run at any step: loaded from a checkpoint, or recomputed exactly."""

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
"""recomputed steps between two progress messages"""

ReportLine = Callable[[str], None]
"""called with one line of text about the progress of a computation"""


def report_every(steps: int, report: ReportLine) -> Callable[[int], None]:
    """A callback for the reached step that calls `report` once every `steps` steps."""
    reported: int | None = None

    def progress(step: int) -> None:
        nonlocal reported
        if reported is not None and step // steps > reported // steps:
            report(f"recomputed up to step {step:,}")
        reported = step

    return progress


@final
class ModelsAt:
    """The models of a run at several steps, which share the data of the run.

    Request steps in ascending order: recomputation then continues from the previous step, unless a
    later checkpoint precedes the requested step.
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
        current = self._recomputation
        if current is None or not self._newest_start(step) <= current.start.state.step <= step:
            current = Recomputation.before(self.folder, step, self._last_step, self._device)
            self._recomputation = current
            self._report(f"recomputing from step {current.start.state.step:,}")
        current.go_to(step, report_every(PROGRESS_STEPS, self._report))
        return current.start.state.model

    def _newest_start(self, step: int) -> int:
        """Step of the newest resumable checkpoint at or before `step`; 0 if there is none."""
        return self.folder.checkpoints.newest_to_resume(step) or 0
