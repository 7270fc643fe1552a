"""Imported runs have every value of the log at its step, as training rows or as evaluations."""

import json

import numpy as np
import pytest
import typer

from memlab.cli.import_log import import_log, parse_map
from memlab.errors import DataError
from memlab.formats import read_log
from memlab.formats.names import name_series
from memlab.formats.record_log import record_run
from memlab.formats.run_builder import RunBuilder
from memlab.record.folder import RunFolder
from memlab.record.history import History

from .test_fixtures import FOLDER, TEXT


def record(log, tmp_path, pairs=(), run=0):
    named = name_series(log.runs[run], pairs)
    return record_run(log.runs[run], log, named, tmp_path / "runs", "source").folder


def names(run, pairs=()):
    return {one.source: (one.name, one.place) for one in name_series(run, pairs)}


def run_of(*series):
    builder = RunBuilder("run")
    for name in series:
        for step in range(3):
            builder.add(name, step, 1.0)
    return builder.build()


@pytest.mark.parametrize(
    ("series", "expected"),
    [
        ("train/loss", ("loss", "row")),
        ("Loss/train", ("loss", "row")),
        ("train_loss", ("loss", "row")),
        ("val/loss", ("val_loss", "evaluation")),
        ("eval_loss", ("val_loss", "evaluation")),
        ("Loss/validation", ("val_loss", "evaluation")),
        ("validation_acc", ("val_accuracy", "evaluation")),
        ("test_loss", ("test_loss", "evaluation")),
        ("eval_bleu", ("eval_bleu", "evaluation")),
        ("learning_rate", ("lr", "row")),
        ("lr-AdamW", ("lr", "row")),
        ("train/grad_norm", ("grad_norm", "row")),
        ("anything else", ("anything else", "row")),
        ("evaluate", ("evaluate", "row")),
    ],
)
def test_series_get_memlabs_names(series, expected):
    assert names(run_of(series)) == {series: expected}


def test_conflicting_names_stay_distinct_and_can_be_chosen():
    both = run_of("loss", "train_loss", "val_loss", "eval_loss")
    assert names(both) == {
        "loss": ("loss", "row"),
        "train_loss": ("train_loss", "evaluation"),
        "val_loss": ("val_loss", "evaluation"),
        "eval_loss": ("eval_loss", "evaluation"),
    }
    mapped = names(both, [("loss", "-"), ("train_loss", "loss"), ("eval_loss", "ood_loss")])
    assert mapped["loss"][1] == "left out" and mapped["train_loss"] == ("loss", "row")
    assert mapped["eval_loss"][0] == "ood_loss"
    with pytest.raises(DataError, match="no such column"):
        names(both, [("los", "loss")])
    with pytest.raises(DataError, match="the same name"):
        names(both, [("loss", "a"), ("val_loss", "a")])


def test_a_resumed_run_of_tensorboard_has_two_attempts_and_the_values_of_its_files(
    tmp_path,
):
    log = read_log(FOLDER / "torch")
    folder = record(log, tmp_path)
    history = History(RunFolder(folder.path))
    snapshot = history.until()
    for source, name in (("train/loss", "loss"), ("lr", "lr")):
        steps, values = log.runs[0].series[source].merged()
        found_steps, found = snapshot.steps.measured(name)
        assert found_steps.tolist() == steps.tolist()
        np.testing.assert_array_equal(found, values)
    steps, values = log.runs[0].series["val/loss"].merged()
    assert snapshot.evaluations["step"].tolist() == steps.tolist()
    assert snapshot.evaluations["val_loss"].tolist() == values.tolist()
    assert str(folder.status()) == "imported" and len(folder.attempts()) == 2
    assert [(gap.first, gap.last, gap.nan, gap.infinite) for gap in snapshot.gaps] == [
        (40, 41, 2, 0),
        (60, 60, 0, 1),
    ]
    source = folder.description["source"]
    assert source["format"] == "tensorboard" and len(source["sha256"]) == 64
    assert source["details"]["replaced"] == 63


def test_steps_with_gaps_and_columns_at_their_own_steps_are_kept(tmp_path, read):
    log = read("step,loss,lr,val_loss\n50,1.5,,\n100,1.25,0.1,2\n101,nan,,\n7000,,0.2,\n")
    snapshot = History(record(log, tmp_path)).until()
    assert snapshot.steps["step"].tolist() == [50, 100, 101, 7000]
    np.testing.assert_array_equal(snapshot.steps.measured("loss")[1], [1.5, 1.25, np.nan])
    assert snapshot.steps.measured("lr")[0].tolist() == [100, 7000]
    assert snapshot.evaluations["val_loss"].tolist() == [2.0]


def test_the_run_does_not_depend_on_the_block_size(tmp_path, read, monkeypatch):
    steps = [*range(0, 900, 3), *range(600, 1500, 3)]
    text = "step,loss,val_loss\n" + "".join(
        f"{s},{1 / (i + 1)},{i if i % 7 == 0 else ''}\n" for i, s in enumerate(steps)
    )
    log = read(text)
    one_block = History(record(log, tmp_path / "a")).until()
    monkeypatch.setattr("memlab.formats.record_log.CHUNK", 37)
    small_blocks = History(record(log, tmp_path / "b")).until()
    assert small_blocks.steps["step"].tolist() == one_block.steps["step"].tolist()
    assert small_blocks.steps["loss"].tolist() == one_block.steps["loss"].tolist()
    for name in ("step", "val_loss"):
        assert small_blocks.evaluations[name].tolist() == one_block.evaluations[name].tolist()
    expected = log.runs[0].series["loss"].merged()
    assert one_block.steps["step"].tolist() == expected[0].tolist()


def test_a_run_that_did_not_end_is_imported_as_interrupted(tmp_path):
    builder = RunBuilder("run", ended=False)
    builder.add("loss", 1, 1.0)
    log = read_log(FOLDER / "run-fixture.wandb")
    run = builder.build()
    recording = record_run(run, log, name_series(run), tmp_path, "source")
    assert History(recording.folder).until().ended.reason == "interrupted"


def test_a_negative_step_is_refused(tmp_path, read):
    log = read("step,loss\n-5,1\n0,2\n")
    with pytest.raises(DataError, match="negative"):
        record(log, tmp_path)


def test_the_command_prints_the_parsed_log_and_a_dry_run_writes_nothing(tmp_path, capsys):
    runs = tmp_path / "runs"
    import_log(str(TEXT / "nanogpt.txt"), dry_run=True, runs=runs)
    out = capsys.readouterr()
    assert "nanogpt" in out.out and "evaluation" in out.out and not runs.exists()
    assert "the steps go back 1 time, to 25" in out.err
    import_log(str(TEXT / "nanogpt.txt"), json=True, runs=runs)
    report = json.loads(capsys.readouterr().out)
    (run,) = report["runs"]
    assert (report["format"], run["attempts"], run["restarts"]) == ("nanogpt", 2, [25])
    assert (runs / run["run"] / "run.json").exists()


def test_a_damaged_log_is_imported_up_to_the_damage_with_exit_code_3(tmp_path, capsys):
    path = tmp_path / "a.wandb"
    path.write_bytes((FOLDER / "run-fixture.wandb").read_bytes()[:20_000])
    with pytest.raises(typer.Exit) as exit_info:
        import_log(str(path), json=True, runs=tmp_path / "runs")
    assert exit_info.value.exit_code == 3
    report = json.loads(capsys.readouterr().out)
    assert "cut off" in report["warnings"][0] and report["runs"][0]["ended"] is False
    (loss,) = (one for one in report["runs"][0]["series"] if one["name"] == "loss")
    assert 20 < loss["values"] < 121


@pytest.mark.parametrize("text", ["loss", "=a", "loss=", "="])
def test_a_mapping_needs_a_column_and_a_name(text):
    with pytest.raises(DataError, match="not a column and a name"):
        parse_map([text])
    assert parse_map(["a=b=c"]) == [("a=b", "c")]


def test_a_run_of_memlab_is_refused(read, tmp_path):
    folder = record(read("step,loss\n1,2\n"), tmp_path)
    with pytest.raises(DataError, match="this is a run of memlab"):
        read_log(folder.path)


def test_a_log_without_numeric_columns_is_refused_with_the_names_of_its_columns(tmp_path):
    (tmp_path / "a.csv").write_text("name,what\na,b\n")
    with pytest.raises(DataError, match="columns of text are left out: name, what"):
        import_log(str(tmp_path / "a.csv"), runs=tmp_path / "runs")
