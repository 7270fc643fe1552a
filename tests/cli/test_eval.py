"""`memlab eval` on a very short run."""

import csv
import json
import re
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
    result = CliRunner().invoke(app, arguments, catch_exceptions=False)
    assert result.exit_code == 0
    return result.stdout


def test_split_ood_evaluates_only_out_of_distribution_sets_by_task(runs):
    for at in ("best", "last"):
        eval_split = json.loads(invoke("eval", "last", "--at", at, "--split", "ood", "--json"))
        splits = ["ood-combinations", "ood-length", "ood-symbols", "ood-digits"]
        found = {
            name.removesuffix("_loss") for name in eval_split["values"] if name.endswith("_loss")
        }
        assert found == set(splits)
        assert "ood-length_accuracy" in eval_split["groups"]["copy"]
        assert "ood-length_accuracy" not in eval_split["groups"]["add"]
        assert "test_accuracy" not in eval_split["groups"]["add"]


def test_a_report_has_the_out_of_distribution_values(runs, tmp_path):
    expected = json.loads(invoke("eval", "last", "--split", "ood", "--json"))["values"]
    page = tmp_path / "report.html"
    invoke("report", "last", "--ood", "-o", str(page))
    section = page.read_text("utf-8").partition("<h2>Out of distribution</h2>")[2]
    section = section.partition("</section>")[0]
    shown = {float(digits) for digits in re.findall(r'title="([^"]+)"', section)}
    assert {value for value in expected.values() if value != int(value)} <= shown
    assert '<th scope="col">ood-length</th>' in section and "Out of distribution" not in section


def test_an_unknown_split_is_refused(runs):
    with pytest.raises(RunError, match="unknown split"):
        invoke("eval", "last", "--split", "odd")
    assert set(json.loads(invoke("eval", "last", "--split", "val", "--json"))["groups"]) == {
        "copy",
        "add",
    }


def test_results_are_written_as_files_per_split(runs, tmp_path):
    out = tmp_path / "results"
    printed = json.loads(invoke("eval", "last", "--split", "ood", "-o", str(out), "--json"))
    names = ["ood-combinations", "ood-length", "ood-symbols", "ood-digits"]
    expected = {f"{name}.{suffix}" for name in names for suffix in ("json", "csv")}
    assert {path.name for path in out.iterdir()} == expected
    assert {Path(path).name for path in printed["files"]} == expected
    for name in names:
        document = json.loads((out / f"{name}.json").read_text())
        with (out / f"{name}.csv").open(newline="") as file:
            rows = list(csv.DictReader(file))
        assert document["accuracy"] == printed["values"][f"{name}_accuracy"]
        assert document["examples"] == len(rows) and document["step"] == 2
        right = [int(row["correct"]) for row in rows]
        assert document["accuracy"] == pytest.approx(sum(right) / len(right))
        assert all((row["target"] == row["answer"]) == bool(int(row["correct"])) for row in rows)
        for task, values in document["tasks"].items():
            own = [int(row["correct"]) for row in rows if row["task"] == task]
            assert values["accuracy"] == pytest.approx(sum(own) / len(own))


def test_a_checkpoint_that_was_removed_lists_those_that_exist(runs):
    with pytest.raises(RunError, match="no checkpoint at step 500") as raised:
        invoke("eval", "last", "--at", "500")
    assert raised.value.allowed == "2"
