"""Folders of plugins; plugins that a test imports are unloaded afterwards."""

from pathlib import Path

import pytest

from memlab import tasks
from memlab.plugins import load
from memlab.plugins.create import create_task
from memlab.plugins.folder import VARIABLE

MEASURES = """
from memlab.measures.kinds import ModelMeasure, SplitMeasure
from memlab.record.measure import Measure


def half(predictions):
    return float(predictions.exact.double().mean()) / 2


def largest(view):
    return {"largest_weight": max(float(abs(weight).max()) for weight in view.weights.values())}


HALF = SplitMeasure(Measure("half_accuracy", "Half of the accuracy."), half)
LARGEST = ModelMeasure(Measure("largest_weight", "The largest weight."), largest)
"""


def unload() -> None:
    """Unload all plugins, as in a new process."""
    load._loaded.clear()
    load._installed.cache_clear()
    tasks._of_plugin.cache_clear()


@pytest.fixture
def unload_plugins():
    unload()
    yield unload
    unload()


@pytest.fixture
def folder(tmp_path, monkeypatch, unload_plugins) -> Path:
    """The folder of plugins in use, with the task `parity` and two measures."""
    path = tmp_path / "plugins"
    create_task(path, "parity")
    for name in ("half_accuracy", "largest_weight"):
        (path / f"{name}.py").write_text(MEASURES)
    monkeypatch.setenv(VARIABLE, str(path))
    return path
