"""Workers on this machine: one process each, which loads torch once and takes many members."""

import os
import signal
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import final

from memlab.record.child_process import memlab_command, memlab_environment
from memlab.sweeps.executor import Executor, RestartLimit
from memlab.sweeps.sweep import Sweep


def jobs_here(threads: int) -> int:
    """Members of so many threads that the cores of this machine can train at once."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return max(1, (cores or 1) // threads)


@final
class Local(Executor):
    """A pool of worker processes.

    They are in sessions of their own: Ctrl-C reaches only the process that watches, which asks
    them to save, and they outlive it if it is killed.
    """

    def __init__(self, jobs: int, options: Sequence[str]) -> None:
        """
        Args:
            jobs: processes at once.
            options: of `memlab sweep work`.
        """
        self._command = memlab_command("sweep", "work", *options)
        self._jobs = jobs
        self._workers: list[subprocess.Popen[bytes]] = []
        self._limit = RestartLimit(3 * jobs + 3)
        self._log = Path()
        self._sweep = Path()

    def start(self, sweep: Sweep) -> None:
        """Start as many workers as there are jobs."""
        self._log, self._sweep = sweep.path / "workers.log", sweep.path
        self._workers = [self._started() for _ in range(self._jobs)]

    def keep(self) -> int:
        """Replace those that died; those that found nothing to do have left for good."""
        for i, worker in enumerate(self._workers):
            if worker.poll() not in (None, 0):
                self._limit.died(str(self._log))
                self._workers[i] = self._started()
        return sum(worker.poll() is None for worker in self._workers)

    def stop(self) -> None:
        """Ask them to save and leave."""
        for worker in self._workers:
            if worker.poll() is None:
                worker.send_signal(signal.SIGTERM)

    def close(self) -> None:
        """Wait until they have left."""
        for worker in self._workers:
            worker.wait()

    def _started(self) -> subprocess.Popen[bytes]:
        # Torch asks for as many threads as there are cores when it is loaded, unless this is set.
        environment = {"OMP_NUM_THREADS": "1", **memlab_environment()}
        with self._log.open("ab") as log:
            return subprocess.Popen(
                [*self._command, str(self._sweep)],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=environment,
                start_new_session=True,
            )
