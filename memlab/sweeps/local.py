"""Worker processes on this machine. Each imports torch once and trains many members."""

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
    """How many members with `threads` threads each the cores of this machine can train at once."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return max(1, (cores or 1) // threads)


@final
class Local(Executor):
    """A pool of worker processes.

    Each worker is in its own session. Ctrl-C reaches only this process, which asks the workers to
    save; if this process is killed, the workers continue.
    """

    def __init__(self, jobs: int, options: Sequence[str]) -> None:
        """
        Args:
            jobs: number of processes.
            options: command-line options for `memlab sweep work`.
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

    def maintain(self) -> int:
        """Replace workers that died; workers without a member left have exited with code 0."""
        for i, worker in enumerate(self._workers):
            if worker.poll() not in (None, 0):
                self._limit.died(str(self._log))
                self._workers[i] = self._started()
        return sum(worker.poll() is None for worker in self._workers)

    def stop(self) -> None:
        """Ask the workers to save a checkpoint and exit."""
        for worker in self._workers:
            if worker.poll() is None:
                worker.send_signal(signal.SIGTERM)

    def close(self) -> None:
        """Wait for the workers to exit."""
        for worker in self._workers:
            worker.wait()

    def _started(self) -> subprocess.Popen[bytes]:
        # Without this, torch starts one thread per core when it is imported.
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
