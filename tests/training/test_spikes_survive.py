"""Spikes are the same live, after crashes, and in the file; the losses are from a recorded run."""

from pathlib import Path

import numpy as np
import pytest
import torch

from memlab.preset.create import create_run
from memlab.record.events import Spike, SpikeOnset, to_json
from memlab.record.folder import RunFolder
from memlab.record.history import History
from memlab.training.worker import work

RECORDED = Path(__file__).parents[2] / "benchmarks" / "spikes" / "recorded" / "add-97-one-layer.npy"
ROWS = np.load(RECORDED)[:, :2]
"""(step, 2) loss and gradient norm of 1,400 updates with spikes at 188, 380, 559 and 1,159"""
CRASHES = {
    "at an onset": [189],
    "repeatedly within a spike": [381, 386, 400, 440],
    "at a close": [200],
    "far from spikes": [300, 1000],
    "every 97 steps": list(range(60, 1400, 97)),
}
FAST = ("at an onset", "repeatedly within a spike")


@pytest.fixture
def replayed(monkeypatch):
    """Replaces updates by ones that return recorded losses, in blocks of a few rows."""

    def update(state, run_data, lr, steps):
        state.step += 1
        return tuple(torch.from_numpy(ROWS[state.step - 1]))

    monkeypatch.setattr("memlab.training.step.update", update)
    monkeypatch.setattr("memlab.training.step.MAX_ROWS", 7)


def spike_events(events):
    """The events of spikes without time and sequence number."""
    return [
        {key: value for key, value in to_json(event).items() if key not in ("wall", "seq")}
        for event in events
        if isinstance(event, Spike | SpikeOnset)
    ]


def train(folder, crash_at=None):
    """The events up to the first one at or after step `crash_at`, or all events."""
    for event in work(folder, device="cpu"):
        yield event
        if crash_at is not None and event.step >= crash_at:
            return


@pytest.fixture
def preset(tiny):
    return tiny(**{
        "training.steps": len(ROWS), "training.checkpoint_every": 70,
        "evaluation.every": 100, "evaluation.samples": 0, "model.n_layers": 1,
    })  # fmt: skip


@pytest.mark.parametrize(
    "crashes",
    [
        pytest.param(steps, id=name, marks=[] if name in FAST else pytest.mark.slow)
        for name, steps in CRASHES.items()
    ],
)
def test_the_list_of_spikes_is_the_same_live_after_a_resume_and_from_the_file(
    preset, tmp_path, replayed, crashes
):
    undisturbed = create_run(preset, tmp_path / "undisturbed")
    live = spike_events(train(undisturbed))
    assert sum(event["kind"] == "spike" for event in live) == 4
    folder = create_run(preset, tmp_path / "crashed")
    for step in crashes:
        list(train(folder, crash_at=step))
    list(train(folder))
    assert len(folder.attempts()) == len(crashes) + 1
    for path in (undisturbed.path, folder.path):
        assert spike_events(History(RunFolder(path)).until().events) == live
