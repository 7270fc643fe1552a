"""Full disk: files cannot grow past a random size until the run reports that it waits."""

import random
import resource
import signal
from pathlib import Path
from shutil import rmtree
from typing import Any, final

from memlab.record.doctor import examine
from memlab.record.events import Event, Finding
from memlab.torture.small_run import FinalState, child, outcome, processes, train, victim
from memlab.torture.trial import FaultTrial


@final
class Fill(FaultTrial):
    """Each trial is one run in which one write fails because the disk is full."""

    name = "full disk"
    promise = "the run reports it and waits, loses nothing, and ends with the same bits"

    def __init__(self, folder: Path, chance: random.Random, truth: FinalState, whole: Path) -> None:
        """`whole`: where the undisturbed run lies, whose files tell how large they become."""
        super().__init__(folder, chance)
        self._truth = truth
        self._sizes = [path.stat().st_size for path in whole.rglob("*") if path.is_file()]

    def once(self) -> None:
        """Train one run from beginning to end with too little disk space."""
        runs = self.folder / str(self.counts.tried)
        waited = processes.Value("q", 0, lock=False)
        limit = int(self.chance.choice(self._sizes) * self.chance.random())
        process = child(_train, runs, limit, waited)
        process.join()
        self.counts.tried += 1
        folder = victim(runs)
        if process.exitcode or folder is None:
            self.counts.failures.append(f"ended with code {process.exitcode} at {limit} bytes")
            return
        self.counts.count("waited and continued" if waited.value else "refused to start")
        if difference := self._truth.difference(outcome(folder)):
            self.counts.failures.append(f"{folder.id} ended with other {difference}")
        if not (diagnosis := examine(folder)).healthy:
            self.counts.failures.append(f"invalid: {diagnosis.symptoms[0]}")
        rmtree(runs)


def _train(runs: Path, limit: int, waited: Any) -> None:
    """Train; space is available again once the run waits, or was refused."""
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, resource.RLIM_INFINITY))

    def make_room(event: Event) -> None:
        if isinstance(event, Finding) and "no room" in event.what:
            waited.value += 1
            resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY,) * 2)

    try:
        train(runs, make_room)
    except OSError:
        resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY,) * 2)
        train(runs)
