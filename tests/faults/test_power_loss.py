"""After a power loss at any call, no acknowledged data is lost and the run resumes bit-exactly."""

import random

import numpy as np
import pytest

from memlab.record import files
from memlab.record.folder import RunFolder
from memlab.record.history import History
from memlab.record.runs import list_runs

from ..record.make_run import values
from ..record.test_faults import assert_same_as_without_fault, resume_until_done, train
from .power import RecordedCalls, lay_out


def lose_power(tmp_path, monkeypatch, states_per_call, rng, selected=lambda call: True):
    """Train once; after each selected call, write some states that a power loss may leave."""
    runs = tmp_path / "runs"
    runs.mkdir()
    states = []

    def after(call):
        if selected(call):
            acknowledged = [
                step for folder in list_runs(runs) for step in acknowledged_steps(calls, folder)
            ]
            for i in range(states_per_call):
                path = tmp_path / f"{call}-{i}"
                lay_out(calls.root, path, rng)
                states.append((path, acknowledged))

    calls = RecordedCalls(runs, after)
    with monkeypatch.context() as patch:
        patch.setattr(files, "calls", calls)
        train(RunFolder.create(runs, {}, "", ""))
    return states


def acknowledged_steps(calls, folder):
    """Steps of the checkpoints whose names are fsynced, and which must survive a power loss."""
    names = calls.node(folder.path / "checkpoints").synced
    return [int(name.removeprefix("step-")) for name in names if not name.startswith(".")]


def assert_readable(folder):
    """Check that rows up to the last checkpoint are present; later rows may be missing."""
    steps, rows = History(folder).until().steps.read(0, 100)
    assert np.array_equal(rows[:, 0], values(1, 100)[steps - 1, 0])
    committed = folder.checkpoints.steps()
    assert not committed or folder.checkpoints.load(need="weights").step == committed[-1]
    assert set(range(1, max(committed, default=0) + 1)) <= set(steps.tolist())


def assert_all_resume(states):
    for path, acknowledged in states:
        found = list_runs(path)
        assert len(found) == 1 or not acknowledged
        for folder in found:
            assert_readable(folder)
            assert max(acknowledged, default=0) <= max(folder.checkpoints.steps(), default=0)
            resume_until_done(folder)
            assert_same_as_without_fault(RunFolder(folder.path))


def test_a_power_loss_at_some_calls_loses_no_acknowledged_data(tmp_path, monkeypatch):
    assert_all_resume(lose_power(tmp_path, monkeypatch, 1, random.Random(1)))


@pytest.mark.slow
def test_a_power_loss_after_any_call_loses_no_acknowledged_data(
    tmp_path, monkeypatch, record_figure
):
    states = lose_power(tmp_path, monkeypatch, 20, random.Random(2))
    assert_all_resume(states)
    record_figure("states after a power loss", len(states))
