"""Training from Python: a separate process, observed and controlled through the run's folder."""

import subprocess
import sys
from pathlib import Path

import pytest
import yaml

import memlab
from memlab.api.train import train
from memlab.errors import MemlabError, PresetError, RunError

from .conftest import TINY


@pytest.fixture
def preset(tmp_path: Path) -> Path:
    path = tmp_path / "tiny.yaml"
    path.write_text(yaml.safe_dump(TINY))
    return path


@pytest.mark.slow
def test_a_run_is_trained_controlled_stopped_and_extended_from_python(preset, tmp_path, capsys):
    run = memlab.run(
        preset,
        {"training.steps": 10**6, "training.checkpoint_every": 10**6},
        seed=3,
        runs=tmp_path / "runs",
        progress=False,
        wait=False,
    )
    assert run.status in ("running", "paused") and run.preset.training.seed == 3
    assert run.pause().status == "paused"
    step = run.step
    assert run.pause().step == step
    assert run.checkpoint().history.folder.checkpoints.steps()[-1] == step
    run.edit({"lr": 1e-4})
    assert [event.kind for event in run.events][-1] == "checkpoint"
    with pytest.raises(PresetError):
        run.edit({"optimizer.kind": "sgd"})
    assert run.resume().status == "running"
    assert run.stop().status == "stopped" and run.step >= step
    with pytest.raises(RunError, match="no process trains this run"):
        run.checkpoint()
    assert capsys.readouterr().out == ""
    last = run.step + 25
    assert run.resume({"training.steps": last}) is run
    assert run.status == "finished" and run.step == last
    assert run.steps["lr"][-1] == pytest.approx(1e-4)
    bar = capsys.readouterr().out
    assert "tiny" in bar and f"{last}/{last}" in bar.replace(" ", "")


def test_an_invalid_preset_creates_no_run(preset, tmp_path):
    with pytest.raises(PresetError, match="unknown key"):
        memlab.run(preset, {"optimizer.learning": 1}, runs=tmp_path / "runs")
    assert not (tmp_path / "runs").exists()


@pytest.mark.parametrize(
    ("code", "expected"),
    [(2, MemlabError), (1, RunError), (137, RunError), (3, None), (130, None)],
)
def test_the_exit_code_of_the_child_process_is_reported(code, expected, run, tmp_path, monkeypatch):
    script = tmp_path / "program"
    script.write_text(f"#!/bin/sh\necho 'memlab: no device' >&2\nexit {code}\n")
    script.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(script))
    if expected is None:
        train(run.history.folder, progress=False)
    else:
        with pytest.raises(expected, match="no device"):
            train(run.history.folder, progress=False)


def test_opening_a_run_does_not_import_torch(run, tmp_path):
    code = f"""
import sys, memlab
run = memlab.open({str(run.path)!r})
run.steps, run.evaluations, run.events, run.encode("1 + 1 ="), repr(run), run.preset
assert "torch" not in sys.modules and "rich" not in sys.modules
"""
    subprocess.run([sys.executable, "-c", code], check=True)
