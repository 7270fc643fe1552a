"""Sweeps from Python: training, tables and figures."""

import csv
import io
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import yaml

import memlab
from memlab.api import sweep_run
from memlab.api.overrides import sweep_texts
from memlab.api.sweep import SweepResults
from memlab.cli.sweep_tables import print_csv
from memlab.errors import MemlabError, PresetError, RunError
from memlab.sweeps.create import create_sweep
from memlab.sweeps.expand import expand
from memlab.sweeps.load import load_sweep
from memlab.sweeps.progress import MemberState, SweepProgress
from memlab.sweeps.tables import Results

from .conftest import TINY

DECAY = "optimizer.weight_decay"


@pytest.fixture(scope="module")
def preset(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("preset") / "tiny.yaml"
    path.write_text(yaml.safe_dump(TINY))
    return path


@pytest.fixture(scope="module")
def sweep(preset: Path) -> SweepResults:
    settings = {DECAY: [0, 1], "training.steps": 20}
    runs = preset.parent / "runs"
    return memlab.sweep(preset, settings, seeds=2, jobs=1, runs=runs, progress=False)


def test_a_sweep_from_python_trains_all_members_and_can_be_opened(sweep, preset):
    assert sweep.status == "finished" and "4 of 4 finished" in repr(sweep)
    assert [run.status for run in sweep.runs] == ["finished"] * 4
    settings = [(r.preset.optimizer.weight_decay, r.preset.training.seed) for r in sweep.runs]
    assert settings == [(0, 0), (0, 1), (1, 0), (1, 1)]
    assert all(run.step == run.preset.training.steps == 20 for run in sweep.runs)
    again = memlab.open_sweep("last", preset.parent / "runs")
    assert again.id == sweep.id and repr(again.refresh()) == repr(sweep)
    with pytest.raises(RunError, match="no such sweep"):
        memlab.open_sweep("nothing", preset.parent / "runs")


def test_a_table_has_the_statistics_of_the_runs(sweep):
    table = sweep.table()
    finals = np.array([run.evaluations["val_loss"][-1] for run in sweep.runs]).reshape(2, 2)
    assert table[DECAY].tolist() == [0, 1] and table["finished"].tolist() == [2, 2]
    np.testing.assert_allclose(table["val_loss_mean"], finals.mean(1))
    np.testing.assert_allclose(table["val_loss_std"], finals.std(1, ddof=1))
    assert table["val_loss_max"].tolist() == finals.max(1).tolist()
    assert np.isnan(table["grokked_median"]).all() and table["grokked_reached"].tolist() == [0, 0]
    assert table["grokked_censored_at"].tolist() == [20, 20]
    assert table.frame()["members"].tolist() == [2, 2]
    assert len(repr(table)) < 200 and "2 rows" in repr(table)
    assert table._repr_html_().count("<tr>") == 3


def test_a_table_by_member_has_the_rows_that_the_command_line_prints(sweep, capsys):
    columns = sweep.table("val_loss", by="member")
    print_csv(Results(SweepProgress(sweep._snapshot.sweep)))
    printed = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    assert columns["run"].tolist() == [row["run"] for row in printed] == [r.id for r in sweep.runs]
    assert [repr(float(v)) for v in columns["val_loss"]] == [row["val_loss"] for row in printed]
    assert "train_loss" not in columns and printed[0]["train_loss"]
    assert [row["grokked"] for row in printed] == [""] * 4


def test_events_of_a_threshold_are_columns_of_the_table(sweep):
    event = "val_loss<=100"
    assert sweep.table(events=[event])[f"{event}_median"].tolist() == [0, 0]
    with pytest.raises(MemlabError, match="an event compares"):
        sweep.table(events=["val_loss near 3"])
    with pytest.raises(MemlabError, match="no finished member has this measure"):
        sweep.table("val_los")
    with pytest.raises(MemlabError, match="one row per cell or per member"):
        sweep.table(by="seed")


def test_figures_of_a_sweep_are_displayed_in_notebooks(sweep):
    for kind in (None, "overlay"):
        assert sweep.plot(kind)._repr_png_().startswith(b"\x89PNG")
    with pytest.raises(MemlabError, match="cannot be drawn from these sources"):
        sweep.plot("curves")
    with pytest.raises(MemlabError, match="no such figure option"):
        sweep.plot("bands", measures="val_loss")
    with pytest.raises(MemlabError, match="`heatmap` cannot be drawn from these sources"):
        sweep.runs[0].plot("heatmap")


def test_settings_from_python_give_the_axes_of_a_sweep_file(preset, tmp_path):
    settings = {
        "optimizer.lr": np.array([0.5, 1.0]),
        "optimizer.kind": ("adam", "sgd"),
        "optimizer.betas": [[0.9, 0.98], [0.9, 0.999]],
        "training.steps": 5,
        "model.d_model": np.int64(8),
    }
    source = load_sweep(str(preset), sweep_texts(settings), seeds=1)
    plan = expand(source, tmp_path / "runs")
    assert [list(axis.values) for axis in plan.axes] == [
        [0.5, 1.0], ["adam", "sgd"], [[0.9, 0.98], [0.9, 0.999]],
    ]  # fmt: skip
    assert plan.cells[0].preset["training"]["steps"] == 5
    created = create_sweep(source, plan, tmp_path / "runs")
    again = expand(load_sweep(str(created.path / "sweep.yaml")), tmp_path / "runs")
    assert [cell.preset for cell in again.cells] == [cell.preset for cell in plan.cells]
    for wrong, message in (([], "needs values"), ([object()], "cannot be written as YAML")):
        with pytest.raises(PresetError, match=message):
            sweep_texts({"optimizer.lr": wrong})


def test_failed_members_cause_a_warning(preset, tmp_path, monkeypatch):
    def failed_execution(sweep, executor, **options):
        return [
            MemberState(member, "failed" if member.seed else "finished", reason="no space left")
            for member in sweep.members
        ]

    monkeypatch.setattr(sweep_run, "execute", failed_execution)
    with pytest.warns(RuntimeWarning, match="1 of 2 members failed.*no space left"):
        memlab.sweep(preset, seeds=2, runs=tmp_path / "runs", progress=False)


def test_opening_a_sweep_does_not_import_torch(sweep):
    code = f"""
import sys, memlab
sweep = memlab.open_sweep({str(sweep.path)!r})
sweep.table(), sweep.runs, repr(sweep)
assert "torch" not in sys.modules and "rich" not in sys.modules and "matplotlib" not in sys.modules
"""
    subprocess.run([sys.executable, "-c", code], check=True)
