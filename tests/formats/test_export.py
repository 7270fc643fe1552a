"""Exported curves have every value, as read by memlab, pandas and pyarrow."""

import json

import numpy as np
import pytest

from memlab.cli.export import export
from memlab.errors import MemlabError, RunError
from memlab.formats import read_log
from memlab.formats.export import export_curves
from memlab.formats.names import name_series
from memlab.formats.partial_file import partial_file
from memlab.formats.record_log import record_run
from memlab.preset.create import create_run
from memlab.record.events import Ended, Evaluated, Rows

TEXT = (
    "step,loss,lr,val_loss\n0,,0.1,5\n50,1.5,,\n100,1.25,0.1,2\n101,nan,,\n102,-inf,0.3,\n"
    "7000,,0.2,1.75\n"
)
EXPECTED = {
    "loss": ([50, 100, 101, 102], [1.5, 1.25, np.nan, -np.inf]),
    "lr": ([0, 100, 102, 7000], [0.1, 0.1, 0.3, 0.2]),
    "val_loss": ([0, 100, 7000], [5.0, 2.0, 1.75]),
}


@pytest.fixture
def imported(tmp_path, read):
    log = read(TEXT)
    run = log.runs[0]
    return record_run(run, log, name_series(run), tmp_path / "runs", "a.csv").folder


def check(log, names=EXPECTED, single=False):
    (run,) = log.runs
    assert set(run.series) == set(names)
    for name, (steps, values) in names.items():
        found = run.series[name].merged()
        assert found[0].tolist() == steps
        expected = np.array(values, np.float32 if single else np.float64)
        np.testing.assert_array_equal(found[1], expected)


def test_the_wide_csv_table_has_every_value(imported, tmp_path):
    import pandas as pd

    assert export_curves(imported, "csv", tmp_path / "out.csv") == tmp_path / "out.csv"
    check(read_log(tmp_path / "out.csv"))
    table = pd.read_csv(tmp_path / "out.csv")
    assert table.columns.tolist() == ["step", "loss", "lr", "val_loss"]
    assert table["step"].tolist() == [0, 50, 100, 101, 102, 7000]


def test_the_long_csv_table_has_every_value(imported, tmp_path):
    import pandas as pd

    export_curves(imported, "csv-long", tmp_path / "out.csv")
    table = pd.read_csv(tmp_path / "out.csv", keep_default_na=False)
    for name, (steps, values) in EXPECTED.items():
        rows = table[table["name"] == name]
        assert rows["step"].tolist() == steps
        np.testing.assert_array_equal(rows["value"].astype(float), values)


def test_the_event_file_has_every_value_in_float32(imported, tmp_path):
    export_curves(imported, "tensorboard", tmp_path / "events")
    log = read_log(tmp_path / "events")
    check(log, single=True)
    assert log.damage is None and log.runs[0].attempts == 1
    with pytest.raises(RunError, match="already"):
        export_curves(imported, "tensorboard", tmp_path / "events")


def test_the_trainer_state_has_every_value(imported, tmp_path):
    export_curves(imported, "trainer_state", tmp_path / "trainer_state.json")
    state = json.loads((tmp_path / "trainer_state.json").read_text())
    assert state["global_step"] == 7000
    renamed = {"loss": "loss", "lr": "learning_rate", "val_loss": "eval_loss"}
    expected = {renamed[name]: series for name, series in EXPECTED.items()}
    check(read_log(tmp_path / "trainer_state.json"), expected)


def test_the_parquet_table_has_every_value(imported, tmp_path):
    parquet = pytest.importorskip("pyarrow.parquet")
    export_curves(imported, "parquet", tmp_path / "out.parquet")
    table = parquet.read_table(tmp_path / "out.parquet")
    for name, (steps, values) in EXPECTED.items():
        column = table.column(name).to_pylist()
        found = [
            (s, v) for s, v in zip(table["step"].to_pylist(), column, strict=True) if v is not None
        ]
        assert [step for step, _ in found] == steps
        np.testing.assert_array_equal([value for _, value in found], values)


def test_values_that_were_not_measured_are_not_exported(tiny, tmp_path):
    folder = create_run(tiny(), tmp_path / "runs")
    rows = np.ones((20, 5), np.float32)
    rows[3, 0] = np.nan
    rows[:, 3:] = np.where(np.arange(1, 21)[:, None] % 10, np.nan, 20.0)
    with folder.claim({}, seq=0, first_step=1) as writer:
        writer.write(Evaluated(step=0, values={"val_loss": 4.5}))
        writer.write(Rows(step=20, values=rows))
        writer.write(Evaluated(step=20, values={"val_loss": 0.5}))
        writer.write(Ended(step=20, reason="finished"))
        writer.end("finished", 20, {})
    export_curves(folder, "csv", tmp_path / "out.csv")
    (run,) = read_log(tmp_path / "out.csv").runs
    assert run.series["weight_norm"].merged()[0].tolist() == [10, 20]
    assert np.isnan(run.series["loss"].values[3]) and len(run.series["loss"].steps) == 20
    assert run.series["val_loss"].merged()[0].tolist() == [0, 20]


def test_an_unwritable_path_is_refused_before_anything_is_written(imported, tmp_path):
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").write_text("mine")
    before = sorted(tmp_path.rglob("*"))
    for to, place, why in (
        ("csv", "missing/a.csv", "no such folder"),
        ("tensorboard", "missing/events", "no such folder"),
        ("csv-long", "folder", "this is a folder"),
        ("trainer_state", "folder", "this is a folder"),
        ("tensorboard", "file", "this is a file"),
    ):
        with pytest.raises(RunError, match=why):
            export_curves(imported, to, tmp_path / place)
    assert sorted(tmp_path.rglob("*")) == before


def test_exporting_curves_of_a_checkpoint_is_refused(imported, tmp_path):
    with pytest.raises(MemlabError, match="not a checkpoint"):
        export("last", "csv", at="best", runs=imported.path.parent)


def test_a_file_appears_only_when_it_is_complete(tmp_path):
    path = tmp_path / "curves.csv"
    path.write_text("before")
    with pytest.raises(KeyboardInterrupt), partial_file(path) as part:
        part.write_text("half")
        raise KeyboardInterrupt
    assert [file.read_text() for file in tmp_path.iterdir()] == ["before"]
    with partial_file(path) as part:
        part.write_text("whole")
    assert [file.read_text() for file in tmp_path.iterdir()] == ["whole"]
