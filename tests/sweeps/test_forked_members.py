"""Sweeps whose members are forks of a run."""

import pytest

from memlab.cli.sweep_work import MemberTraining
from memlab.errors import MemlabError
from memlab.preset.create import create_run
from memlab.preset.load import load as load_preset
from memlab.record.fork import ForkPoint, fork_point
from memlab.record.history import History
from memlab.record.runs import list_runs
from memlab.sweeps.change import add_seeds
from memlab.sweeps.cost import steps
from memlab.sweeps.expand import expand
from memlab.sweeps.load import load_sweep
from memlab.sweeps.progress import SweepProgress, counts
from memlab.sweeps.sweep import Sweep
from memlab.sweeps.tables import Results
from memlab.sweeps.worker import Worker, fork_member
from memlab.training.worker import work


@pytest.fixture
def parent(base, tmp_path):
    preset = load_preset(str(base), ["training.batch_size=5", "training.seed=3"])
    folder = create_run(preset, tmp_path / "runs")
    list(work(folder, threads=1))
    return folder


@pytest.fixture
def plan(parent, tmp_path):
    def planned(text: str, *overrides: str, at: int = 10, threads: int | None = None):
        path = tmp_path / "forks.yaml"
        path.write_text(f"name: forks\nfrom: {{run: {parent.id}, at: {at}}}\n{text}")
        runs = tmp_path / "runs"
        return expand(load_sweep(str(path), overrides, runs=runs), runs, threads)

    return planned


def create_sweep(plan, runs) -> Sweep:
    return Sweep.create(runs, plan, "text")


def rows(folder) -> bytes:
    return History(folder).until().steps.read(0, 10**6)[1].tobytes()


def weights(folder) -> str:
    return folder.attempts()[-1].end["summary"]["weights_sha256"]


def test_a_member_without_changes_ends_with_the_bits_of_its_parent(plan, parent):
    sweep = create_sweep(
        plan("grid: {optimizer.weight_decay: [0.1, 0.0]}", at=13), parent.path.parent
    )
    Worker(sweep, MemberTraining("cpu")()).run()
    progress = SweepProgress(sweep)
    same, other = (progress.folder(member) for member in sweep.members)
    assert (weights(same), rows(same)) == (weights(parent), rows(parent))
    assert weights(other) != weights(parent)
    assert rows(other)[: 13 * 4] == rows(parent)[: 13 * 4]
    assert fork_point(other) == ForkPoint(parent.id, 13)
    assert other.description["sweep"]["id"] == sweep.id
    assert counts(progress.read())["finished"] == 2
    # an attempt for the shared steps, one for the rest
    assert [len(folder.attempts()) for folder in (same, other)] == [2, 2]
    assert Results(progress).footer["fork"] == {"run": parent.id, "at": 13}


def test_another_worker_trains_a_fork_that_was_created_but_not_started(plan, parent):
    sweep = create_sweep(plan(""), parent.path.parent)
    fork_member(sweep, sweep.members[0], MemberTraining("cpu")().fork)
    (state,) = SweepProgress(sweep).read()
    assert (state.state, state.step, state.target) == ("queued", 10, 20)
    Worker(sweep, MemberTraining("cpu")()).run()
    assert counts(SweepProgress(sweep).read())["finished"] == 1


def test_the_second_of_two_workers_that_fork_a_member_leaves_nothing_behind(plan, parent):
    runs = parent.path.parent
    sweep = create_sweep(plan(""), runs)
    fork = MemberTraining("cpu")().fork
    fork_member(sweep, sweep.members[0], fork)
    with pytest.raises(OSError):
        fork_member(sweep, sweep.members[0], fork)
    assert {folder.id for folder in list_runs(runs)} == {parent.id, sweep.members[0].run}
    assert not list(runs.glob(f".{sweep.members[0].run}*"))


def test_seeds_of_forks_change_only_the_steps_after_the_fork(plan, parent):
    sweep = create_sweep(plan("seeds: 2\nvary: [batches]"), parent.path.parent)
    Worker(sweep, MemberTraining("cpu")()).run()
    first, second = (SweepProgress(sweep).folder(member) for member in sweep.members)
    assert len({weights(parent), weights(first), weights(second)}) == 3
    assert rows(first)[:40] == rows(second)[:40] == rows(parent)[:40]


def test_a_plan_counts_the_steps_after_the_fork_and_keeps_the_seed_of_the_parent(plan):
    planned = plan("grid: {optimizer.lr: [0.01, 0.02, 0.03]}", "steps=25")
    assert [member.seed for member in planned.members] == [3, 3, 3]
    assert all(not member.changes for member in planned.members)
    assert steps(planned) == 3 * 15
    assert {cell.preset["training"]["seed"] for cell in planned.cells} == {3}


def test_seeds_cannot_be_added_to_forks_that_vary_no_seed(plan, parent):
    with pytest.raises(MemlabError, match="varies no seed"):
        add_seeds(create_sweep(plan(""), parent.path.parent), 2)


def test_a_member_fails_if_its_parent_no_longer_exists(plan, parent):
    sweep = create_sweep(plan(""), parent.path.parent)
    parent.path.rename(parent.path.parent.parent / "elsewhere")
    Worker(sweep, MemberTraining("cpu")()).run()
    (state,) = SweepProgress(sweep).read()
    assert state.state == "failed"
    assert "no runs" in state.reason


BAD = {
    "seeds of everything": ("seeds: 3", "3:1", "share the data"),
    "seeds of the split": ("seeds: 3\nvary: [split]", "4:1", "share the data"),
    "another shape": ("grid: {model.d_model: [16, 32]}", "3:28", "cannot change model.d_model"),
    "another task": ("linked: [{task.modulus: 11}]", "3:10", "cannot change task.modulus"),
    "no steps after the fork": (
        "grid: {training.steps: [30, 10]}",
        "3:29",
        "must have steps after the fork",
    ),
    "base and from": ("base: tiny", None, "either base or from"),
}


@pytest.mark.parametrize("case", BAD)
def test_settings_that_a_fork_cannot_change_are_rejected_with_their_position(case, plan, tmp_path):
    text, place, what = BAD[case]
    with pytest.raises(MemlabError) as caught:
        plan(text)
    assert what in str(caught.value)
    if place:
        assert caught.value.where == f"{tmp_path / 'forks.yaml'}:{place}"


def test_steps_beyond_the_parent_and_other_threads_are_rejected(plan):
    with pytest.raises(MemlabError, match="no step 21"):
        plan("", at=21)
    with pytest.raises(MemlabError, match="threads as their parent"):
        plan("", threads=2)
