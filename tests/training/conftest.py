"""One finished run of the preset `tiny`, and copies of it."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from memlab.preset.create import create_run
from memlab.preset.schema import Preset
from memlab.record.folder import RunFolder
from memlab.training.worker import work


@pytest.fixture(scope="session")
def tiny_run(tiny: Callable[..., Preset], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished run; tests use `copy_of_tiny_run`."""
    folder = create_run(tiny(), tmp_path_factory.mktemp("tiny"))
    for _ in work(folder, device="cpu"):
        pass
    return folder.path


@pytest.fixture
def copy_of_tiny_run(tiny_run: Path) -> Callable[[Path], RunFolder]:
    """A function that copies the run into a folder of runs."""
    return lambda runs: RunFolder(Path(shutil.copytree(tiny_run, runs / tiny_run.name)))
