"""Execute members in a Slurm job array through submitit. Each task of the array is a worker.

Before a job is preempted or reaches its time limit, it gets a signal: it saves, and Slurm requeues
it. Where preempted jobs are cancelled instead, `memlab sweep resume` submits new jobs. Either way no
step is lost or trained twice, since a worker claims a member before it trains it.
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
"""options of `--slurm` to parameters of submitit"""
DEFAULT_JOBS = 4
DEFAULT_MINUTES = 60


@final
class WorkerJob:
    """The function of a job: a worker that runs until no member is left or a signal arrives."""

    def __init__(self, sweep: str, trainer: Callable[[], Trainer], threads: int) -> None:
        self._sweep, self._trainer, self._threads = sweep, trainer, threads

    def __call__(self) -> str:
        """Run the worker; returns the path of the sweep."""
        from submitit.core.job_environment import JobEnvironment

        warning: int = JobEnvironment._usr_sig()
        requeue = signal.getsignal(warning)
        received: list[int] = []

        def record(number: int, frame: FrameType | None) -> None:
            received.append(number)

        # The handler of submitit requeues the job immediately and ignores SIGTERM, so that the run
        # would not be saved. Record the signal here, and call that handler after the worker saved.
        for number in (warning, signal.SIGTERM):
            signal.signal(number, record)
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
        """Called by submitit to requeue: the same job, which continues from the run folders."""
        from submitit.helpers import DelayedSubmission

        return DelayedSubmission(self)


@final
class Slurm(Executor):
    """An array of worker jobs, which continue without this process."""

    def __init__(
        self, jobs: int | None, trainer: Callable[[], Trainer], options: Mapping[str, str]
    ) -> None:
        """
        Args:
            jobs: number of tasks of the array; None = 4.
            trainer: creates the trainer in the job; pickled by reference.
            options: partition, time (minutes), memory (GB), gpus.

        Raises:
            MemlabError: submitit is not installed, or an option is unknown or not a number.
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
                "Slurm is not available", where="--on slurm", found=str(error)
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

    def maintain(self) -> int:
        """The number of tasks of the array that wait or run."""
        return sum(not job.done() for job in self._array)

    def stop(self) -> None:
        """Stop the sweep: jobs on other machines see `stop.json` and save."""
        if self._sweep is not None and self.maintain():
            self._sweep.stop()

    def close(self) -> None:
        """Do nothing: jobs exit by themselves."""


def _parameters(options: Mapping[str, str]) -> dict[str, Any]:
    unknown = options.keys() - OPTIONS.keys()
    if unknown:
        raise MemlabError(
            "unknown option for Slurm jobs",
            where="--slurm",
            found=", ".join(sorted(unknown)),
            allowed=", ".join(OPTIONS),
        )
    parameters: dict[str, Any] = {OPTIONS["time"]: DEFAULT_MINUTES}
    for name, text in options.items():
        if name != "partition" and not text.isdecimal():
            raise MemlabError(f"{name} must be an integer", where=f"--slurm {name}={text}")
        value: Any = f"{text}GB" if name == "memory" else int(text) if text.isdecimal() else text
        parameters[OPTIONS[name]] = value
    return parameters
