"""Forks of presets without changes end with the bits of their parents."""

import pytest

from memlab.preset.create import create_run
from memlab.preset.load import load
from memlab.record.history import History
from memlab.record.summary import summarize
from memlab.training.fork import ForkRequest, create_fork
from memlab.training.worker import work


@pytest.mark.slow
@pytest.mark.timeout(3600)
@pytest.mark.parametrize(
    ("preset", "overrides", "at"),
    [
        ("quickstart", [], 700),
        ("divide-97", ["training.steps=2000"], 1700),
        ("five-tasks-quick", [], 2300),
    ],
)
def test_a_fork_of_a_preset_ends_with_the_bits_of_its_parent(tmp_path, preset, overrides, at):
    parent = create_run(load(preset, overrides), tmp_path)
    list(work(parent, device="cpu"))
    fork = create_fork(parent, tmp_path, ForkRequest(at), "cpu")
    assert fork.first_difference is None
    list(work(fork.folder, device="cpu"))
    ends = [summarize(folder).to_json()["weights_sha256"] for folder in (parent, fork.folder)]
    assert ends[0] == ends[1]
    rows = [History(f).until().steps.read(0, 10**9)[1].tobytes() for f in (parent, fork.folder)]
    assert rows[0] == rows[1]
