"""`memlab eval` on a run of a moment."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from memlab.cli.app import app
from memlab.errors import RunError

PRESET = """\
name: tiny
task: {kind: algorithmic, tasks: [copy, add], train_examples: 40, val_examples: 4, test_examples: 4, ood_examples: 4}
model: {n_layers: 1, n_heads: 2, d_model: 16}
training: {steps: 2, batch_size: 8}
evaluation: {every: 1, samples: 0}
"""


@pytest.fixture
def runs(tmp_path: Path, monkeypatch) -> Path:
    monkeypatch.setenv("MEMLAB_RUNS", str(tmp_path / "runs"))
    (tmp_path / "tiny.yaml").write_text(PRESET)
    invoke("run", str(tmp_path / "tiny.yaml"), "--quiet")
    return tmp_path / "runs"


def invoke(*arguments: str) -> str:
    done = CliRunner().invoke(app, arguments, catch_exceptions=False)
    assert done.exit_code == 0
    return done.stdout


def test_sets_from_outside_come_beside_one_from_inside_task_by_task(runs):
    for at in ("best", "last"):
        eval_split = json.loads(invoke("eval", "last", "--at", at, "--split", "ood", "--json"))
        splits = ["test", "ood-combinations", "ood-length", "ood-symbols", "ood-digits"]
        found = {
            name.removesuffix("_loss") for name in eval_split["values"] if name.endswith("_loss")
        }
        assert found == set(splits)
        assert "ood-length_accuracy" in eval_split["groups"]["copy"]
        assert "ood-length_accuracy" not in eval_split["groups"]["add"]
        assert "test_accuracy" in eval_split["groups"]["add"]


def test_a_split_that_is_not_there_is_refused(runs):
    with pytest.raises(RunError, match="unknown split"):
        invoke("eval", "last", "--split", "odd")
    assert set(json.loads(invoke("eval", "last", "--split", "val", "--json"))["groups"]) == {
        "copy",
        "add",
    }
