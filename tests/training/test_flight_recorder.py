"""Checkpoints before spikes and at listed steps: commits and pruning."""

import numpy as np
import pytest

from memlab.preset.create import create_run
from memlab.record.events import Spike, SpikeOnset
from memlab.record.history import History
from memlab.training import flight_recorder
from memlab.training.flight_recorder import FlightRecorder
from memlab.training.restore import restore
from memlab.training.worker import work


def test_listed_steps_are_kept_and_reported(tiny, tmp_path):
    folder = create_run(tiny(**{"training.keep": [3, 7, 12, 99]}), tmp_path)
    list(work(folder, device="cpu"))
    assert {3, 7, 12, 20, 30} <= set(folder.checkpoints.steps())
    assert 10 not in set(folder.checkpoints.steps()) - {
        History(folder).until().checkpoints[-1].best_step
    }
    steps = [event.step for event in History(folder).until().checkpoints]
    assert steps == [3, 7, 10, 12, 20, 30]


def test_kept_steps_grow_by_a_ratio(tiny, tmp_path):
    folder = create_run(tiny(**{"training.keep": {"ratio": 2.0}}), tmp_path)
    list(work(folder, device="cpu"))
    assert {1, 2, 4, 8, 16} <= set(folder.checkpoints.steps())


@pytest.fixture
def every_five_steps(monkeypatch):
    monkeypatch.setattr(flight_recorder, "RECORD_EVERY", 5)
    monkeypatch.setattr("memlab.training.train.RECORD_EVERY", 5)
    monkeypatch.setattr(flight_recorder, "MARGIN", 3)


class Onsets:
    """A detector that reports a spike at given steps and closes it two rows later."""

    def __init__(self, at):
        self.at = at

    def see(self, event):
        if event.kind != "rows":
            return []
        steps = range(event.first, event.step + 1)
        found = [SpikeOnset(step=s, base=1.0, value=2.0, z=9.0) for s in steps if s in self.at]
        return found + [
            Spike(step=s, onset=s - 2, base=1.0, peak=self.at[s - 2], peak_step=s - 1,
                  recovered_at=s, label="spike")
            for s in steps if s - 2 in self.at
        ]  # fmt: skip

    def state(self):
        return {}

    def restore(self, state):
        pass


def with_onsets(monkeypatch, at):
    monkeypatch.setattr("memlab.training.state.all_detectors", lambda context: [Onsets(at)])


def test_the_state_before_a_spike_is_committed_and_equals_the_run_there(
    tiny, tmp_path, monkeypatch, every_five_steps
):
    with_onsets(monkeypatch, {19: 5.0})
    settings = {"training.checkpoint_every": 100, "evaluation.every": 4}
    folder = create_run(tiny(**settings), tmp_path / "a")
    list(work(folder, device="cpu"))
    assert 15 in folder.checkpoints.steps()
    assert [event.step for event in History(folder).until().checkpoints] == [30]
    other = create_run(tiny(**settings | {"training.keep": [15]}), tmp_path / "b")
    list(work(other, device="cpu"))
    a, b = (f.checkpoints.load(15).files for f in (folder, other))
    for name in ("model.safetensors", "optimizer.safetensors", "examples.safetensors"):
        assert a[name] == b[name], name
    start = restore(folder, "cpu", until=20)
    assert start.state.step == 15
    assert start.state.best is not None
    assert not any("best" in finding.what for finding in start.findings)


def test_a_run_can_be_resumed_from_the_state_before_a_spike(
    tiny, tmp_path, monkeypatch, every_five_steps
):
    with_onsets(monkeypatch, {19: 5.0})
    settings = {"training.checkpoint_every": 100}
    whole = create_run(tiny(**settings), tmp_path / "a")
    list(work(whole, device="cpu"))
    folder = create_run(tiny(**settings), tmp_path / "b")
    for event in work(folder, device="cpu"):
        if event.step >= 24:
            break
    list(work(folder, device="cpu"))
    assert folder.attempts()[1].info["resumed_from"] == 15
    rows = [History(f).until().steps.read(0, 99)[1].tobytes() for f in (whole, folder)]
    assert rows[0] == rows[1]
    kinds = [
        [(e.kind, e.step) for e in History(f).until().events if e.kind != "started"]
        for f in (whole, folder)
    ]
    assert kinds[0] == kinds[1]


def test_only_the_highest_spikes_keep_their_checkpoints(
    tiny, tmp_path, monkeypatch, every_five_steps
):
    peaks = {14: 3.0, 19: 5.0, 24: 1.0, 29: 4.0, 34: 2.0}
    with_onsets(monkeypatch, peaks)
    settings = {"training.keep_spikes": 2, "training.steps": 45, "training.checkpoint_every": 100}
    folder = create_run(tiny(**settings), tmp_path)
    list(work(folder, device="cpu"))
    best = History(folder).until().checkpoints[-1].best_step
    assert set(folder.checkpoints.steps()) - {best} == {15, 25, 45}


def test_no_spike_is_kept_if_keep_spikes_is_zero(tiny, tmp_path, monkeypatch, every_five_steps):
    with_onsets(monkeypatch, {19: 5.0})
    settings = {"training.keep_spikes": 0, "training.checkpoint_every": 100}
    folder = create_run(tiny(**settings), tmp_path)
    list(work(folder, device="cpu"))
    best = History(folder).until().checkpoints[-1].best_step
    assert set(folder.checkpoints.steps()) <= {30, best}


def test_memory_is_bounded(tiny, tmp_path, every_five_steps):
    folder = create_run(tiny(), tmp_path)
    start = restore(folder, "cpu")
    recorder = FlightRecorder(folder.checkpoints, 8)
    for step in range(5, 500, 5):
        start.state.step = step
        recorder.record(start.state, seq=step)
    copy = recorder.observe(SpikeOnset(step=490, base=1.0, value=2.0, z=9.0))
    assert copy is not None
    assert copy.step == 485
    assert recorder.observe(SpikeOnset(step=300, base=1.0, value=2.0, z=9.0)) is None
    assert np.isfinite(copy.step)
