"""kill -9 at a random moment: while a run is created, trained, saved or resumed."""

import random
import signal
from functools import partial
from pathlib import Path
from shutil import rmtree
from typing import Any, final

from memlab.record.doctor import examine
from memlab.record.folder import RunFolder
from memlab.record.history import History
from memlab.record.row_writer import ROWS_PER_SEAL
from memlab.record.status import Status
from memlab.torture.small_run import (
    FinalState,
    child,
    final_state,
    only_run,
    processes,
    progress,
    train,
)
from memlab.torture.trial import FaultTrial


@final
class Kill(FaultTrial):
    """Each trial is one kill. A run is killed repeatedly until it completes."""

    name = "kill -9"
    guarantee = (
        "the folder is valid, at most one flush is lost, and the run ends with the same bits"
    )

    def __init__(
        self, folder: Path, rng: random.Random, expected: FinalState, seconds: float
    ) -> None:
        """`seconds`: duration of the undisturbed run."""
        super().__init__(folder, rng)
        self._expected, self._seconds = expected, seconds
        self._completed = 0

    @property
    def _runs(self) -> Path:
        return self.folder / str(self._completed)

    def once(self) -> None:
        """Kill one process and check the run folder."""
        reached = processes.Value("q", 0, lock=False)
        process = child(_train, self._runs, reached)
        process.join(self.rng.uniform(0, self._seconds))
        process.kill()
        process.join()
        folder = only_run(self._runs)
        if process.exitcode == 0:
            self._ended(folder)
            return
        self.counts.tried += 1
        if process.exitcode != -signal.SIGKILL:
            self.counts.failures.append(f"it could not be resumed: exit {process.exitcode}")
        if folder is None:
            self.counts.count("killed before the run existed")
        else:
            self._check(folder, reached.value)

    def _check(self, folder: RunFolder, reached: int) -> None:
        diagnosis = examine(folder)
        if not diagnosis.healthy:
            self.counts.failures.append(f"invalid: {diagnosis.symptoms[0]}")
        steps, rows = History(folder).until().steps.read(0, len(self._expected.steps))
        if rows.tobytes() != self._expected.rows[: len(steps)].tobytes():
            self.counts.failures.append(f"wrong rows in {folder.id}")
        lost = max(0, reached - len(steps))
        self.counts.maximum("rows lost at most", lost)
        if lost > ROWS_PER_SEAL:
            self.counts.failures.append(f"{lost} rows lost in {folder.id}")

    def _ended(self, folder: RunFolder | None) -> None:
        assert folder is not None
        difference = self._expected.difference(final_state(folder))
        if difference or folder.status() is not Status.FINISHED:
            self.counts.failures.append(f"{folder.id} ended with other {difference or 'status'}")
        verified = History(folder).resume_verified or {"steps": 0}
        self.counts.count("runs that ended with the same bits", not difference)
        self.counts.count("steps computed twice, every bit equal", verified["steps"] or 0)
        rmtree(self._runs)
        self._completed += 1

    def finish(self) -> None:
        """Train the last killed run to its end and check it."""
        child(train, self._runs).join()
        self._ended(only_run(self._runs))


def _train(runs: Path, reached: Any) -> None:
    train(runs, partial(progress, reached=reached))
