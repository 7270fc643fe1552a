"""Members in Slurm jobs: an array whose tasks each work on several members, through submitit.

A job that is preempted or reaches its time limit gets a signal beforehand: it saves, and Slurm puts
it into the queue again. Where preempted jobs are cancelled instead, `memlab sweep resume` submits
what is left. Nothing is lost or done twice either way, since a member belongs to whoever claims it.
"""

import signal
from collections.abc import Callable, Mapping
from pathlib import Path
from types import FrameType
from typing import Any, final

from memlab.errors import MemlabError
from memlab.sweeps.executor import Executor
from memlab.sweeps.sweep import Sweep
from memlab.sweeps.worker import Trainer, Worker

OPTIONS = {"partition": "partition", "time": "time", "memory": "mem", "gpus": "gpus_per_node"}
"""options of `--slurm`, and what submitit calls them"""
DEFAULT_JOBS = 4
DEFAULT_MINUTES = 60


@final
class WorkerJob:
    """What a job runs: members one after another, until none is left or its time is over."""

    def __init__(self, sweep: str, trainer: Callable[[], Trainer], threads: int) -> None:
        self._sweep, self._trainer, self._threads = sweep, trainer, threads

    def __call__(self) -> str:
        """Work; returns the sweep's path."""
        from submitit.core.job_environment import JobEnvironment

        warning: int = JobEnvironment._usr_sig()
        requeue = signal.getsignal(warning)
        received: list[int] = []

        def note(number: int, frame: FrameType | None) -> None:
            received.append(number)

        # submitit requeues from within the signal's handler, and lets a job ignore SIGTERM: a run
        # would not be saved. So signals are noted, and submitit's handler is called afterwards.
        for number in (warning, signal.SIGTERM):
            signal.signal(number, note)
        worker = Worker(
            Sweep.open(Path(self._sweep)),
            self._trainer(),
            threads=self._threads,
            interrupted=lambda: bool(received),
        )
        worker.run(wait=False)
        if received and callable(requeue):
            requeue(warning, None)
        return self._sweep

    def checkpoint(self) -> Any:
        """Called by submitit at the warning signal: the same job again, from what is committed."""
        from submitit.helpers import DelayedSubmission

        return DelayedSubmission(self)


@final
class Slurm(Executor):
    """An array of worker jobs. It is Slurm's: it goes on without the process that watches."""

    def __init__(
        self, jobs: int | None, trainer: Callable[[], Trainer], options: Mapping[str, str]
    ) -> None:
        """
        Args:
            jobs: tasks of the array.
            trainer: makes what trains in the job; it is pickled by reference.
            options: partition, time (minutes), memory (GB), gpus.

        Raises:
            MemlabError: submitit is not installed, or an option is unknown or no number.
        """
        try:
            import submitit
        except ImportError:
            raise MemlabError(
                "submitit is not installed", where="--on slurm", hint='pip install "memlab[slurm]"'
            ) from None
        self._submitit: Any = submitit
        self._jobs, self._trainer = jobs or DEFAULT_JOBS, trainer
        self._parameters = _parameters(options)
        self._array: list[Any] = []
        self._sweep: Sweep | None = None

    def start(self, sweep: Sweep) -> None:
        self._sweep = sweep
        try:
            executor = self._submitit.SlurmExecutor(folder=sweep.path / "slurm")
        except RuntimeError as error:
            raise MemlabError(
                "there is no Slurm here", where="--on slurm", found=str(error)
            ) from None
        executor.update_parameters(
            **self._parameters,
            job_name=f"memlab-{sweep.id}",
            cpus_per_task=sweep.plan.threads,
            array_parallelism=self._jobs,
        )
        job = WorkerJob(str(sweep.path.absolute()), self._trainer, sweep.plan.threads)
        with executor.batch():
            self._array = [executor.submit(job) for _ in range(self._jobs)]

    def keep(self) -> int:
        """How many tasks of the array are waiting or working."""
        return sum(not job.done() for job in self._array)

    def stop(self) -> None:
        """Stop the sweep, so that its jobs save and leave, wherever they are."""
        if self._sweep is not None and self.keep():
            self._sweep.stop()

    def close(self) -> None:
        """Nothing: jobs leave by themselves."""


def _parameters(options: Mapping[str, str]) -> dict[str, Any]:
    unknown = options.keys() - OPTIONS.keys()
    if unknown:
        raise MemlabError(
            "no such option of Slurm jobs",
            where="--slurm",
            found=", ".join(sorted(unknown)),
            allowed=", ".join(OPTIONS),
        )
    found: dict[str, Any] = {OPTIONS["time"]: DEFAULT_MINUTES}
    for name, text in options.items():
        if name != "partition" and not text.isdecimal():
            raise MemlabError(f"{name} is a whole number", where=f"--slurm {name}={text}")
        number: Any = f"{text}GB" if name == "memory" else int(text) if text.isdecimal() else text
        found[OPTIONS[name]] = number
    return found
