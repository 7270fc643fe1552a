"""Execute members on a Ray cluster: one task per member, with its CPUs and fraction of a GPU.

All results are in run folders, and a task trains its member only if it is neither finished nor
alive. So Ray can safely retry the tasks of a lost node, and a lost driver only loses tasks that have
not started.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any, final

from memlab.errors import MemlabError
from memlab.sweeps.executor import Executor
from memlab.sweeps.progress import SweepProgress
from memlab.sweeps.sweep import Sweep
from memlab.sweeps.worker import Trainer, Worker

RETRIES = 3
"""retries of a task whose worker or node died"""
CLOSE_TIMEOUT = 120.0
"""seconds that `close` waits for tasks to save"""


@final
class RayCluster(Executor):
    """Leaves placement, retries and scaling to Ray."""

    def __init__(
        self,
        address: str,
        jobs: int | None,
        trainer: Callable[[], Trainer],
        gpus: float = 0.0,
    ) -> None:
        """
        Args:
            address: address of an existing cluster, or "auto"; empty = start one here.
            jobs: members at once on a cluster started here; None = as many as cores allow.
            trainer: creates the trainer on the node; pickled by reference.
            gpus: GPUs per member; 0.25 puts four members on one GPU, 0 hides all GPUs.

        Raises:
            MemlabError: ray is not installed.
        """
        try:
            import ray
        except ImportError:
            raise MemlabError(
                "Ray is not installed", where="--on ray", hint='pip install "memlab[ray]"'
            ) from None
        self._ray: Any = ray
        self._address, self._jobs, self._trainer, self._gpus = address, jobs, trainer, gpus
        self._tasks: list[Any] = []
        self._sweep: Sweep | None = None
        self._started_here = False

    def start(self, sweep: Sweep) -> None:
        """Submit a task for each queued member, in the order of execution."""
        self._sweep = sweep
        if not self._ray.is_initialized():
            self._connect(sweep.plan.threads)
        take = self._ray.remote(take_member).options(
            num_cpus=sweep.plan.threads, num_gpus=self._gpus, max_retries=RETRIES
        )
        queued = [state.member for state in SweepProgress(sweep).read() if state.state == "queued"]
        path = str(sweep.path.absolute())
        self._tasks = [take.remote(path, member.run, self._trainer) for member in queued]

    def maintain(self) -> int:
        """The number of tasks that are not done; Ray itself retries tasks of dead workers."""
        if self._tasks:
            count = len(self._tasks)
            _, self._tasks = self._ray.wait(self._tasks, num_returns=count, timeout=0)
        return len(self._tasks)

    def stop(self) -> None:
        """Stop the sweep: tasks on other machines see `stop.json` and save."""
        if self._sweep is not None and self.maintain():
            self._sweep.stop()

    def close(self) -> None:
        """Wait for the tasks, and shut down the cluster if it was started here."""
        if self._tasks:
            self._ray.wait(self._tasks, num_returns=len(self._tasks), timeout=CLOSE_TIMEOUT)
        if self._started_here:
            self._ray.shutdown()

    def _connect(self, threads: int) -> None:
        if self._address:
            self._ray.init(address=self._address, log_to_driver=False)
            return
        self._started_here = True
        self._ray.init(
            num_cpus=self._jobs * threads if self._jobs else None,
            include_dashboard=False,
            log_to_driver=False,
            _node_ip_address="127.0.0.1",  # not reachable from other machines
        )


def take_member(path: str, run: str, make_trainer: Callable[[], Trainer]) -> dict[str, Any]:
    """The Ray task: train one member.

    Returns:
        `{"run": run id, "trained": whether this call trained it}`.
    """
    worker = Worker(Sweep.open(Path(path)), make_trainer())
    return {"run": run, "trained": worker.take(run)}
