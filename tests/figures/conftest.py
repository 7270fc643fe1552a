"""Fixtures for figures: synthetic runs and the shipped run."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from memlab.record.folder import RunFolder
from memlab.record.history import History


@pytest.fixture
def runs(tmp_path: Path) -> Path:
    return tmp_path / "runs"


@pytest.fixture(scope="session")
def shipped(
    tmp_path_factory: pytest.TempPathFactory, store_explanation: Callable[..., None]
) -> Path:
    """A copy of the shipped run, which memorizes, generalizes and has spikes.

    Its first spike has an explanation.
    """
    original = next(Path(__file__).parents[2].glob("runs/2*"))
    copy = tmp_path_factory.mktemp("shipped") / original.name
    shutil.copytree(original, copy)
    folder = RunFolder(copy)
    store_explanation(folder, History(folder).until().closed_spikes[0].onset)
    return copy
