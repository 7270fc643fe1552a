"""Members on a Ray cluster: one task each, with its CPUs and its share of a GPU.

Results stay in folders. A task takes its member only if that is neither finished nor alive. So Ray may retry a task whose
node is lost, and a lost driver costs nothing but the tasks that have not begun.
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
"""of a task whose worker or node died"""
PATIENCE = 120.0
"""seconds that closing waits for tasks to save"""


@final
class RayCluster(Executor):
    """Ray does placement, retries and scaling."""

    def __init__(
        self,
        address: str,
        jobs: int | None,
        trainer: Callable[[], Trainer],
        gpus: float = 0.0,
    ) -> None:
        """
        Args:
            address: of an existing cluster, or "auto"; empty = start one on this machine.
            jobs: members at once on a cluster that is started here; None = as cores allow.
            trainer: makes what trains on the node; it is pickled by reference.
            gpus: of each member: 0.25 puts four on a card; 0 = none is visible to it.

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
        """Submit a task for each member that is left, in the order of execution."""
        self._sweep = sweep
        if not self._ray.is_initialized():
            self._connect(sweep.plan.threads)
        take = self._ray.remote(take_member).options(
            num_cpus=sweep.plan.threads, num_gpus=self._gpus, max_retries=RETRIES
        )
        left = [state.member for state in SweepProgress(sweep).read() if state.state == "queued"]
        path = str(sweep.path.absolute())
        self._tasks = [take.remote(path, member.run, self._trainer) for member in left]

    def keep(self) -> int:
        """How many tasks are not done; Ray itself repeats those whose worker died."""
        if self._tasks:
            count = len(self._tasks)
            _, self._tasks = self._ray.wait(self._tasks, num_returns=count, timeout=0)
        return len(self._tasks)

    def stop(self) -> None:
        """Stop the sweep: there is no other way to have tasks on other machines save."""
        if self._sweep is not None and self.keep():
            self._sweep.stop()

    def close(self) -> None:
        """Wait until the tasks are done; a cluster that was started here is shut down."""
        if self._tasks:
            self._ray.wait(self._tasks, num_returns=len(self._tasks), timeout=PATIENCE)
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
            _node_ip_address="127.0.0.1",  # nobody outside of this machine has business with it
        )


def take_member(path: str, run: str, make_trainer: Callable[[], Trainer]) -> dict[str, Any]:
    """Train one member, on a node of the cluster.

    Returns:
        The id of its run, and whether this call trained it.
    """
    worker = Worker(Sweep.open(Path(path)), make_trainer())
    return {"run": run, "trained": worker.take(run)}
