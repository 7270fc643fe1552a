"""Members on Ray: task options, retries, and a lost node (with the real Ray)."""

import pickle
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from types import SimpleNamespace
from typing import Any

import pytest

from memlab.cli.sweep_work import MemberTraining
from memlab.errors import MemlabError
from memlab.record.folder import RunFolder
from memlab.sweeps.executor import execute
from memlab.sweeps.progress import SweepProgress, counts
from memlab.sweeps.ray_cluster import RETRIES, RayCluster
from memlab.sweeps.sweep import Sweep
from memlab.sweeps.worker import Worker
from memlab.training.worker import work


class NodeLostError(BaseException):
    """Raised within a task: its node is lost before the task can finish."""


@dataclass
class FakeRay:
    """A stand-in for `ray` that executes tasks in this process, in the order of submission.

    Arguments are pickled and read back, as on their way to a node. A task whose worker is lost is
    executed again, as Ray does, up to `max_retries` times.
    """

    init_options: list[dict[str, Any]] = field(default_factory=list)
    task_options: list[dict[str, Any]] = field(default_factory=list)
    results: list[Any] = field(default_factory=list)
    shut_down: int = 0

    def is_initialized(self) -> bool:
        return len(self.init_options) > self.shut_down

    def init(self, **options: Any) -> None:
        self.init_options.append(options)

    def remote(self, function: Callable[..., Any]) -> SimpleNamespace:
        def options(**given: Any) -> SimpleNamespace:
            self.task_options.append(given)

            def submit(*arguments: Any) -> int:
                sent = pickle.dumps(arguments)
                for _ in range(1 + given.get("max_retries", 0)):
                    try:
                        self.results.append(function(*pickle.loads(sent)))
                        break
                    except NodeLostError:
                        continue
                return len(self.results) - 1

            return SimpleNamespace(remote=submit)

        return SimpleNamespace(options=options)

    def wait(self, tasks: list[int], num_returns: int, timeout: float) -> tuple[list[int], list]:
        return tasks, []

    def shutdown(self) -> None:
        self.shut_down += 1


@pytest.fixture
def ray(monkeypatch) -> FakeRay:
    fake = FakeRay()
    monkeypatch.setitem(sys.modules, "ray", fake)
    return fake


def bits(sweep: Sweep) -> list[str]:
    """Hashes of the weights of all members; checks that each finished exactly once."""
    found = []
    for member in sweep.members:
        ends = [a.end for a in RunFolder(sweep.runs / member.run).attempts() if a.end]
        assert [end["reason"] for end in ends].count("finished") == 1
        found.append(ends[-1]["summary"]["weights_sha256"])
    return found


def executed(sweep: Sweep, executor: RayCluster) -> dict[str, int]:
    states = execute(sweep, executor, interrupted=lambda: False, show=lambda states: None)
    return counts(states)


def test_every_member_is_a_task_with_its_cpus_and_its_share_of_a_gpu(make, ray):
    sweep, alone = make("lr=0.01,0.02"), make("lr=0.01,0.02")
    executor = RayCluster("", 2, MemberTraining("cpu"), gpus=0.25)
    assert executed(sweep, executor)["finished"] == 2
    assert ray.init_options[0]["num_cpus"] == 2
    assert ray.init_options[0]["_node_ip_address"] == "127.0.0.1"
    assert ray.task_options == [{"num_cpus": 1, "num_gpus": 0.25, "max_retries": RETRIES}]
    assert ray.results == [{"run": m.run, "trained": True} for m in sweep.members]
    assert ray.shut_down == 1
    Worker(alone, MemberTraining("cpu")()).run()
    assert bits(sweep) == bits(alone)


def test_an_existing_cluster_keeps_running(make, ray):
    assert executed(make(), RayCluster("auto", None, MemberTraining("cpu")))["finished"] == 1
    assert ray.init_options == [{"address": "auto", "log_to_driver": False}]
    assert ray.shut_down == 0


LOST: list[str] = []
"""runs whose node has been lost once"""


def losing(device: str):
    """A trainer whose process is lost once per run, at its first checkpoint."""

    def train(folder, **options):
        events = work(folder, device=device, **options)
        for event in events:
            yield event
            if event.kind == "checkpoint" and event.step == 10 and folder.id not in LOST:
                LOST.append(folder.id)
                events.gi_frame.f_locals["writer"].close()  # as if the process had died
                raise NodeLostError

    return MemberTraining(device)()._replace(train=train)


def test_a_task_that_ray_retries_continues_its_member(make, ray):
    LOST.clear()
    sweep, undisturbed = make("lr=0.01,0.02"), make("lr=0.01,0.02")
    assert executed(sweep, RayCluster("", 1, partial(losing, "cpu")))["finished"] == 2
    assert sorted(LOST) == sorted(member.run for member in sweep.members)
    Worker(undisturbed, MemberTraining("cpu")()).run()
    assert bits(sweep) == bits(undisturbed)


def test_a_task_for_a_finished_member_trains_nothing(make, ray):
    sweep = make()
    Worker(sweep, MemberTraining("cpu")()).run()
    executor = RayCluster("", 1, MemberTraining("cpu"))
    assert executed(sweep, executor)["finished"] == 1
    assert len(RunFolder(sweep.runs / sweep.members[0].run).attempts()) == 1


def test_tasks_that_start_after_the_sweep_was_stopped_create_no_run(make, ray):
    sweep = make(seeds=2)
    executor = RayCluster("", 1, MemberTraining("cpu"))
    sweep.stop()
    executor.start(sweep)
    assert [result["trained"] for result in ray.results] == [False, False]
    assert counts(SweepProgress(sweep).read())["queued"] == 2
    assert not any((sweep.runs / member.run).exists() for member in sweep.members)


def test_the_error_without_ray_says_how_to_install_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(MemlabError, match="Ray is not installed") as caught:
        RayCluster("", 1, MemberTraining("cpu"))
    assert caught.value.hint == 'pip install "memlab[ray]"'


def live_members(sweep: Sweep) -> dict[int, str]:
    """Runs by process id, of attempts whose process is alive."""
    attempts = [(m.run, RunFolder(sweep.runs / m.run).attempts()) for m in sweep.members]
    return {own[-1].info["pid"]: run for run, own in attempts if own and own[-1].alive()}


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.filterwarnings("ignore")
def test_all_members_finish_after_a_real_node_is_killed(make, monkeypatch, tmp_path):
    # Otherwise a driver replaces 127.0.0.1 by the address of the machine, where no node listens.
    monkeypatch.setenv("RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER", "0")
    ray = pytest.importorskip("ray")
    from ray.cluster_utils import Cluster

    monkeypatch.setenv("HOME", str(tmp_path))  # Ray writes a token there
    monkeypatch.setenv("RAY_memory_monitor_refresh_ms", "0")
    monkeypatch.setenv("RAY_USAGE_STATS_ENABLED", "0")
    overrides = ("lr=0.01,0.02", "steps=6000", "checkpoint_every=200", "evaluation.every=200")
    sweep, undisturbed = make(*overrides), make(*overrides)
    node_options = {"num_cpus": 1, "node_ip_address": "127.0.0.1", "object_store_memory": 80 << 20}
    head_options = {**node_options, "include_dashboard": False}
    cluster = Cluster(initialize_head=True, head_node_args=head_options)
    try:
        lost = cluster.add_node(**node_options)
        ray.init(address=cluster.address, log_to_driver=False)
        executor = RayCluster("auto", None, MemberTraining("cpu"))
        killed: list[int] = []

        def kill_once(states) -> None:
            live = live_members(sweep)
            if len(live) == 2 and not killed:
                killed.append(len(live))
                cluster.remove_node(lost, allow_graceful=False)

        states = execute(sweep, executor, interrupted=lambda: False, show=kill_once)
    finally:
        ray.shutdown()
        cluster.shutdown()
    assert killed
    assert counts(states)["finished"] == 2
    assert sorted(len(RunFolder(sweep.runs / m.run).attempts()) for m in sweep.members) == [1, 2]
    Worker(undisturbed, MemberTraining("cpu")()).run()
    assert bits(sweep) == bits(undisturbed)
