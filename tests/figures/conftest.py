"""Made-up runs to draw."""

from pathlib import Path

import pytest

from memlab.record import files


@pytest.fixture(scope="session", autouse=True)
def no_fsync():
    """Only a power loss can tell the difference."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(files.Calls, "fsync", staticmethod(lambda fd: None))
        yield


@pytest.fixture
def runs(tmp_path: Path) -> Path:
    return tmp_path / "runs"


@pytest.fixture(scope="session")
def shipped() -> Path:
    """The run that comes with memlab: it memorizes, generalizes, spikes."""
    return next(Path(__file__).parents[2].glob("runs/2*"))
