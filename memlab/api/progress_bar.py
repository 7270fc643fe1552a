"""The progress bar of a run that a notebook or script trains."""

from types import TracebackType
from typing import Self, final

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from memlab.record.folder import RunFolder
from memlab.record.history import History
from memlab.record.safe_text import safe_text
from memlab.record.summary import planned_steps

SHOWN = {"train_loss": "train", "val_loss": "val", "val_accuracy": "accuracy"}


@final
class RunProgressBar:
    """Steps done, time left and the newest evaluation; works in terminals and notebooks."""

    def __init__(self, folder: RunFolder) -> None:
        self._progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeRemainingColumn(),
            TextColumn("{task.fields[values]}"),
        )
        name = safe_text(folder.labels().name).replace("[", r"\[")
        self._task = self._progress.add_task(name, total=planned_steps(folder), values="")

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._progress.stop()

    def show(self, history: History) -> None:
        snapshot = history.until()
        evaluations = snapshot.evaluations
        values = [
            f"{label} {evaluations[name][-1]:.4g}"
            for name, label in SHOWN.items()
            if name in evaluations
        ]
        self._progress.update(
            self._task, completed=snapshot.steps.last_step, values="  ".join(values)
        )
