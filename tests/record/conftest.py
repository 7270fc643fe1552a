"""A new run folder for each test."""

from pathlib import Path

import pytest

from memlab.record.folder import RunFolder


@pytest.fixture
def runs(tmp_path: Path) -> Path:
    return tmp_path / "runs"


@pytest.fixture
def folder(runs: Path) -> RunFolder:
    return RunFolder.create(runs, {"preset": {"name": "tiny"}}, "name: tiny\n", "a tiny run")
