"""The progress bar of a run or sweep that a notebook or script trains."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from types import TracebackType
from typing import Self, final

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from memlab.record.folder import RunFolder
from memlab.record.history import History
from memlab.record.safe_text import safe_text
from memlab.record.summary import planned_steps
from memlab.sweeps.progress import MemberState, counts

SHOWN = {"train_loss": "train", "val_loss": "val", "val_accuracy": "accuracy"}


def _progress() -> Progress:
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.fields[values]}"),
    )


def _plain(name: str) -> str:
    """A name with its markup escaped."""
    return safe_text(name).replace("[", r"\[")


@contextmanager
def sweep_progress_bar(name: str) -> Iterator[Callable[[Sequence[MemberState]], None]]:
    """A bar over the steps of all members; yields a function that updates it."""
    with _progress() as bar:
        task = bar.add_task(_plain(name), total=None, values="")

        def show(states: Sequence[MemberState]) -> None:
            totals = counts(states)
            shown = ("finished", "running", "failed", "diverged")
            bar.update(
                task,
                total=sum(state.target for state in states),
                completed=sum(s.target if s.terminal else s.step for s in states),
                values=", ".join(f"{totals[name]} {name}" for name in shown if totals[name]),
            )

        yield show


@final
class RunProgressBar:
    """Steps done, time left and the newest evaluation; works in terminals and notebooks."""

    def __init__(self, folder: RunFolder) -> None:
        self._folder, self._progress = folder, _progress()
        name = _plain(folder.labels().name)
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
            self._task,
            total=planned_steps(self._folder, snapshot),  # an edit may have changed it
            completed=snapshot.steps.last_step,
            values="  ".join(values),
        )
