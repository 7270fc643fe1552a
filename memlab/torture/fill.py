"""Full disk: files cannot exceed a random size until the run reports that it waits."""

import random
import resource
import signal
from pathlib import Path
from shutil import rmtree
from typing import Any, final

from memlab.record.doctor import examine
from memlab.record.events import Event, Finding
from memlab.torture.small_run import FinalState, child, final_state, only_run, processes, train
from memlab.torture.trial import FaultTrial
from memlab.training.worker import DISK_FULL


@final
class Fill(FaultTrial):
    """Each trial is one run in which one write fails because the disk is full."""

    name = "full disk"
    guarantee = "the run reports it and waits, loses nothing, and ends with the same bits"

    def __init__(self, folder: Path, rng: random.Random, expected: FinalState, whole: Path) -> None:
        """`whole`: folder of the undisturbed run, which determines the range of file sizes."""
        super().__init__(folder, rng)
        self._expected = expected
        self._sizes = [path.stat().st_size for path in whole.rglob("*") if path.is_file()]

    def once(self) -> None:
        """Train one run, at first with too little disk space."""
        runs = self.folder / str(self.counts.tried)
        waited = processes.Value("q", 0, lock=False)
        limit = int(self.rng.choice(self._sizes) * self.rng.random())
        process = child(_train, runs, limit, waited)
        process.join()
        self.counts.tried += 1
        folder = only_run(runs)
        if process.exitcode or folder is None:
            self.counts.failures.append(f"ended with code {process.exitcode} at {limit} bytes")
            return
        self.counts.count("waited and continued" if waited.value else "refused to start")
        if difference := self._expected.difference(final_state(folder)):
            self.counts.failures.append(f"{folder.id} ended with other {difference}")
        if not (diagnosis := examine(folder)).healthy:
            self.counts.failures.append(f"invalid: {diagnosis.symptoms[0]}")
        rmtree(runs)


def _train(runs: Path, limit: int, waited: Any) -> None:
    """Train; raise the limit when the run waits for space or cannot be created."""
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, resource.RLIM_INFINITY))

    def free_space(event: Event) -> None:
        if isinstance(event, Finding) and event.what.startswith(DISK_FULL):
            waited.value += 1
            resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY,) * 2)

    try:
        train(runs, free_space)
    except OSError:
        resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY,) * 2)
        train(runs)
