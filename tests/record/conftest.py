"""A run folder, a small numpy stand-in for a trainer, and a way to damage files."""

from pathlib import Path

import numpy as np
import pytest

from memlab.record import files
from memlab.record.attempt_writer import AttemptWriter
from memlab.record.events import Rows
from memlab.record.folder import RunFolder


@pytest.fixture(scope="session", autouse=True)
def no_fsync():
    """Only a power loss can tell the difference, and a thousand of them take seconds."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(files.Calls, "fsync", staticmethod(lambda fd: None))
        yield


@pytest.fixture
def runs(tmp_path: Path) -> Path:
    return tmp_path / "runs"


@pytest.fixture
def folder(runs: Path) -> RunFolder:
    return RunFolder.create(runs, {"preset": {"name": "tiny"}}, "name: tiny\n", "a tiny run")


def values(first: int, last: int) -> np.ndarray:
    """The rows of updates `first` to `last`: a pure function of the step."""
    steps = np.arange(first, last + 1)
    return np.stack([np.sin(steps) + 2, np.cos(steps) + 2, 1 / steps], axis=1).astype(np.float32)


def write_rows(writer: AttemptWriter, first: int, last: int) -> None:
    writer.write(Rows(step=last, values=values(first, last)))
