"""`memlab sweep` from the shell: a sweep from creation to deletion, and the JSON output."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

BASE = """\
name: tiny
task: {kind: modular, operation: add, modulus: 7, train_fraction: 0.5}
model: {n_layers: 1, n_heads: 2, d_model: 16, init_std: 0.1}
optimizer: {lr: 0.01, weight_decay: 0.1}
training: {steps: 20, checkpoint_every: 10}
evaluation: {every: 5, samples: 2}
"""
SWEEP = """\
name: trial
base: tiny
grid: {optimizer.weight_decay: [0.0, 1.0]}
claims:
  - {cell: {weight_decay: 0}, measure: val_loss, mean: {at_least: 0}, source: here}
  - {cell: {weight_decay: 1}, measure: "val_accuracy>=2", reached: {at_least: 0.5}, source: here}
"""


@pytest.fixture
def sweep(memlab, tmp_path: Path):
    """Call a command in a folder with a preset and a sweep of it; returns its JSON."""
    (tmp_path / "presets" / "tiny.yaml").write_text(BASE)
    (tmp_path / "trial.yaml").write_text(SWEEP)

    def run(*arguments: str, code: int = 0) -> dict:
        printed = memlab(*arguments, "--runs", "runs", "--json", code=code)
        return json.loads(printed) if printed else {"error": memlab.stderr}

    return run


def test_a_sweep_is_created_trained_listed_verified_extended_and_deleted(sweep, tmp_path):
    output = sweep("sweep", "run", "trial.yaml", "--seeds", "2", "--jobs", "1")
    assert output["status"] == "finished"
    assert output["members"]["finished"] == 4
    assert output["axes"][0]["key"] == "optimizer.weight_decay"
    assert [cell["settings"] for cell in output["cells"]] == [
        {"optimizer.weight_decay": 0.0},
        {"optimizer.weight_decay": 1.0},
    ]
    cell = output["cells"][0]
    assert {"reached", "of", "median", "low", "high", "censored_at"} == cell["grokked"].keys()
    assert {"n", "mean", "std", "min", "max", "median"} <= cell["final"]["val_loss"].keys()
    assert (tmp_path / "runs" / cell["runs"][0] / "run.json").exists()
    listed = sweep("sweep", "list")
    assert [one["status"] for one in listed["sweeps"]] == ["finished"]
    verdicts = sweep("verify", output["sweep"], code=3)["sweeps"][0]["claims"]
    assert [claim["status"] for claim in verdicts] == ["met", "not met"]
    assert sweep("sweep", "add", "last", "--seeds", "1")["members"]["queued"] == 2
    assert len(sweep("sweep", "delete", output["sweep"])["deleted"]) == 4
    assert sweep("sweep", "list")["sweeps"] == []


def test_errors_are_reported_before_a_sweep_is_created(sweep, tmp_path):
    output = sweep("sweep", "run", "tiny", "lr=1,-1", code=2)
    assert "optimizer.lr is too small" in output["error"]
    assert "unknown executor" in sweep("sweep", "run", "tiny", "--on", "mars", code=2)["error"]
    assert not list((tmp_path / "runs").glob("sweeps/*"))


@pytest.mark.slow
def test_an_interrupt_saves_all_members_and_prints_how_to_resume(sweep, tmp_path):
    command = ["sweep", "run", "tiny", "steps=100000", "--jobs", "1", "--runs", "runs"]
    driver = subprocess.Popen(
        [sys.executable, "-m", "memlab", *command], cwd=tmp_path, stderr=subprocess.PIPE, text=True
    )
    while not list(tmp_path.glob("runs/2*/checkpoints/step-*")):
        assert driver.poll() is None
        os.sched_yield()
    driver.send_signal(signal.SIGINT)
    _, output = driver.communicate()
    assert driver.returncode == 130
    (folder,) = (tmp_path / "runs" / "sweeps").iterdir()
    assert f"memlab sweep resume {folder.name}" in output
    (end,) = tmp_path.glob("runs/2*/attempts/001/end.json")
    assert '"reason": "interrupted"' in end.read_text()
