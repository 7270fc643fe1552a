"""A new run folder for each test."""

from pathlib import Path

import pytest

from memlab.record import files
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
