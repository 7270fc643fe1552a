"""Forks: the shared past equals that of the parent bit by bit, as does the rest without changes."""

import numpy as np
import pytest

from memlab.errors import PresetError, RunError
from memlab.preset.create import create_run
from memlab.record.commands import Edit, send
from memlab.record.events import Edited, Started
from memlab.record.fork import ForkPoint, fork_point
from memlab.record.history import History
from memlab.record.summary import summarize
from memlab.training.fork import ForkRequest, create_fork
from memlab.training.worker import work


def trained(preset, runs, edit=None):
    folder = create_run(preset, runs)
    for event in work(folder, device="cpu"):
        if isinstance(event, Started) and edit:
            send(folder, edit)
    return folder


def forked(parent, at, *overrides, **options):
    result = create_fork(parent, parent.path.parent, ForkRequest(at, overrides, **options), "cpu")
    for _ in work(result.folder, device="cpu"):
        pass
    return result


def rows(folder):
    steps, values = History(folder).until().steps.read(0, 10**9)
    return steps.tolist(), values.tobytes()


def evaluations(folder):
    now = History(folder).until()
    return {name: now.evaluations[name].tobytes() for name in now.evaluations}


@pytest.fixture
def parent(copy_of_tiny_run, tmp_path):
    return copy_of_tiny_run(tmp_path)


@pytest.mark.parametrize(
    "at", [0, 7, 20, 29, *(pytest.param(at, marks=pytest.mark.slow) for at in (1, 10, 15, 23))]
)
def test_a_fork_without_changes_ends_with_the_bits_of_its_parent(parent, at):
    child = forked(parent, at).folder
    assert rows(child) == rows(parent)
    assert evaluations(child) == evaluations(parent)
    shown, known = summarize(child).to_json(), summarize(parent).to_json()
    assert shown["weights_sha256"] == known["weights_sha256"]
    assert shown["status"] == "finished"
    assert shown["best"] == known["best"]
    assert fork_point(child) == ForkPoint(parent.id, at)


def test_a_fork_at_the_last_step_needs_more_steps(parent):
    with pytest.raises(PresetError, match="would not train"):
        forked(parent, 30)
    assert summarize(forked(parent, 30, "training.steps=31").folder).step == 31


def test_a_fork_of_a_run_with_mini_batches_and_dropout_ends_with_its_bits(tiny, tmp_path):
    changes = {"training.batch_size": 5, "model.dropout": 0.1}
    parent = trained(tiny(**changes), tmp_path)
    assert rows(forked(parent, 17).folder) == rows(parent)


def test_edits_of_the_parent_belong_to_the_shared_past(tiny, tmp_path):
    edit = Edit({"optimizer.lr": 0.002, "training.steps": 40}, at=13)
    parent = trained(tiny(), tmp_path, edit)
    for at in (12, 13, 14, 25):
        child = forked(parent, at).folder
        assert rows(child)[1][: at * 20] == rows(parent)[1][: at * 20]
        if at >= 13:
            assert rows(child) == rows(parent)
            assert [e.step for e in History(child).until().of(Edited)] == [13]
        else:
            assert summarize(child).to_json()["step"] == 30


def test_a_change_takes_effect_right_after_the_step(parent):
    result = forked(parent, 17, "lr=0.002", "optimizer.betas=[0.9, 0.999]")
    rates = History(result.folder).until().steps["lr"]
    assert set(rates[:17]) == {np.float32(0.01)}
    assert set(rates[17:]) == {np.float32(0.002)}
    shown = summarize(result.folder).to_json()
    assert shown["edits"] == [
        {"step": 17, "changes": {"optimizer.lr": 0.002, "optimizer.betas": [0.9, 0.999]}}
    ]
    preset = result.folder.description["preset"]["optimizer"]
    assert (preset["lr"], preset["betas"]) == (0.002, [0.9, 0.999])


def test_steps_are_counted_from_the_fork(parent):
    assert summarize(forked(parent, 22, steps=3).folder).to_json()["step"] == 25
    assert summarize(forked(parent, 30, steps=4).folder).to_json()["step"] == 34


def test_a_fork_can_be_forked(parent):
    child = forked(parent, 12, "lr=0.005").folder
    assert rows(forked(child, 21).folder) == rows(child)
    with pytest.raises(RunError, match="is before the fork"):
        forked(child, 11)


def test_recomputed_steps_are_compared_with_the_parent(parent):
    result = create_fork(parent, parent.path.parent, ForkRequest(27), "cpu")
    assert (result.recomputed, result.first_difference) == (7, None)


def test_a_difference_from_the_parent_is_reported(parent, monkeypatch):
    from memlab.training import recompute

    real = recompute.restore

    def drifted_start(*a, **k):
        start = real(*a, **k)
        next(start.state.model.parameters()).data.mul_(1.001)
        return start

    monkeypatch.setattr(recompute, "restore", drifted_start)
    result = create_fork(parent, parent.path.parent, ForkRequest(27), "cpu")
    assert result.first_difference == 21
    assert any("differ" in finding.what for finding in result.findings)


@pytest.mark.parametrize(
    "override",
    [
        "model.d_model=32",
        "task.modulus=11",
        "task.train_fraction=0.7",
        "training.seed=5",
        "training.seeds.split=5",
        "optimizer.kind=sgd",
    ],
)
def test_shapes_data_and_split_cannot_change(parent, override):
    with pytest.raises(PresetError, match="a fork cannot change"):
        forked(parent, 10, override)


def test_a_changed_batch_order_is_reported(tiny, tmp_path):
    parent = trained(tiny(**{"training.batch_size": 5}), tmp_path)
    result = forked(parent, 10, "training.seeds.batches=1")
    assert any("batch order" in finding.what for finding in result.findings)
    assert rows(result.folder)[1] != rows(parent)[1]


def test_a_step_beyond_the_run_is_an_error(parent):
    with pytest.raises(RunError, match="no step 31"):
        forked(parent, 31)
