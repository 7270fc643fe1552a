"""Round trips of curves with the real libraries, value by value."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from memlab.formats import read_log
from memlab.formats.export import export_curves
from memlab.formats.names import name_series
from memlab.formats.record_log import record_run

pytestmark = pytest.mark.interop
FIXTURES = Path(__file__).parents[1] / "formats" / "fixtures"


def scalars(folder):
    """(step, value) pairs by tag, as TensorBoard reads them."""
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    reader = EventAccumulator(str(folder), size_guidance={"scalars": 0})
    reader.Reload()
    return {
        tag: [(event.step, event.value) for event in reader.Scalars(tag)]
        for tag in reader.Tags()["scalars"]
    }


def same(found, expected):
    assert [step for step, _ in found] == [step for step, _ in expected]
    np.testing.assert_array_equal([v for _, v in found], [v for _, v in expected])


@pytest.fixture
def imported(tmp_path):
    log = read_log(FIXTURES / "torch")
    run = log.runs[0]
    return record_run(run, log, name_series(run), tmp_path / "runs", "torch").folder


def test_tensorboard_reads_the_event_files_that_memlab_writes(imported, tmp_path):
    export_curves(imported, "tensorboard", tmp_path / "events")
    (run,) = read_log(FIXTURES / "torch").runs
    found = scalars(tmp_path / "events")
    for tag, source in (("loss", "train/loss"), ("lr", "lr"), ("val_loss", "val/loss")):
        steps, values = run.series[source].merged()
        same(found[tag], list(zip(steps.tolist(), values.tolist(), strict=True)))


@pytest.mark.parametrize("name", ["torch", "tensorboardX"])
def test_memlab_reads_event_files_as_tensorboard_does(name):
    (run,) = read_log(FIXTURES / name).runs
    found = scalars(FIXTURES / name)
    assert set(found) == set(run.series)
    for tag, series in run.series.items():
        steps, values = series.merged()
        same(list(zip(steps.tolist(), values.tolist(), strict=True)), found[tag])


def test_the_trainer_reads_the_state_that_memlab_writes(imported, tmp_path):
    from transformers.trainer_callback import TrainerState

    export_curves(imported, "trainer_state", tmp_path / "trainer_state.json")
    state = TrainerState.load_from_json(str(tmp_path / "trainer_state.json"))
    (run,) = read_log(FIXTURES / "torch").runs
    for name, source in (("loss", "train/loss"), ("eval_loss", "val/loss")):
        steps, values = run.series[source].merged()
        found = [(row["step"], row[name]) for row in state.log_history if name in row]
        same(found, list(zip(steps.tolist(), values.tolist(), strict=True)))


def test_files_of_the_installed_libraries_are_read_with_all_values(tmp_path):
    subprocess.run([sys.executable, FIXTURES / "make.py", tmp_path], check=True, timeout=280)
    expected = json.loads((tmp_path / "expected.json").read_text())
    folders = {
        "tensorboard": "torch", "tensorboardx": "tensorboardX", "wandb": "run-fixture.wandb",
        "lightning": "lightning", "transformers": "transformers",
    }  # fmt: skip
    for library, name in folders.items():
        log = read_log(tmp_path / name)
        assert log.damage is None, library
        for tag, values in expected[library].items():
            steps, found = log.runs[0].series[tag].merged()
            assert steps.tolist() == [int(step) for step in values], (library, tag)
            np.testing.assert_allclose(found, list(values.values()), rtol=1e-6)
