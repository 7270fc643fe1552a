"""A finished run with a stretch that is treated as a spike."""

import shutil
from pathlib import Path

import pytest

from memlab.preset.create import create_run
from memlab.record.commands import send
from memlab.record.events import Spike, Started
from memlab.record.folder import RunFolder
from memlab.training.explain.explain import explain_spike
from memlab.training.worker import work

SPIKE = Spike(step=45, onset=35, base=0.5, peak=1.0, peak_step=38, recovered_at=42, label="spike")
"""a stretch of the run that is treated as a spike"""


def trained(preset, runs, edit=None):
    folder = create_run(preset, runs)
    for event in work(folder, device="cpu"):
        if isinstance(event, Started) and edit:
            send(folder, edit)
    return folder


@pytest.fixture(scope="session")
def finished(tiny, tmp_path_factory):
    settings = {"training.steps": 60, "training.batch_size": 8, "training.keep": [10]}
    return trained(tiny(**settings), tmp_path_factory.mktemp("runs")).path


@pytest.fixture
def folder(finished, tmp_path):
    return RunFolder(Path(shutil.copytree(finished, tmp_path / finished.name)))


@pytest.fixture(scope="session")
def explained(finished, tmp_path_factory):
    """A run whose spike was explained in this process, the document, and the lines of progress."""
    runs = tmp_path_factory.mktemp("explained")
    folder = RunFolder(Path(shutil.copytree(finished, runs / finished.name)))
    lines = []
    return folder, explain_spike(folder, SPIKE, "cpu", lines.append), lines
