"""Runs of format 1.1 stay readable: every value and event of two such runs is repeated here.

`run-1.1` was written by a tracked loop that died once, `imported-1.1` by an import.
`tests/data/make_runs_1_1.py` wrote them. They are never created again: a change that cannot read
them is a change of the format.
"""

import math
import shutil
from pathlib import Path

import numpy as np
import pytest

from memlab.errors import RunError
from memlab.formats.curve_tables import wide_rows
from memlab.formats.run_curves import RunCurves
from memlab.record import folder as folder_module
from memlab.record.doctor import examine
from memlab.record.events import Unknown
from memlab.record.folder import RunFolder
from memlab.record.history import History
from memlab.record.row_format import is_missing
from memlab.record.summary import summarize

DATA = Path(__file__).parents[1] / "data"
TRACKED, IMPORTED = DATA / "run-1.1", DATA / "imported-1.1"
NAN, INF = math.nan, math.inf


def rows_of(path):
    """Rows by step; None = not recorded, which differs from NaN."""
    steps, values = History(RunFolder(path)).until().steps.read(0, 2**62)
    cells = np.where(is_missing(values), None, values.astype(object)).tolist()
    return dict(zip(steps.tolist(), cells, strict=True))


def events_of(path):
    events = History(RunFolder(path)).until().events
    assert not any(isinstance(event, Unknown) for event in events)
    assert [event.seq for event in events] == list(range(len(events)))
    return [(event.kind, event.step) for event in events]


def test_the_tracked_run_has_the_rows_that_were_logged():
    assert History(RunFolder(TRACKED)).until().steps.columns == (
        "loss",
        "lr",
        "grad_norm",
        "tokens",
    )
    found = rows_of(TRACKED)
    assert repr(found) == repr(
        {
            1: [2.5, 0.001, None, None],
            2: [0.1, 0.001, None, None],
            5: [NAN, 0.001, None, None],
            6: [INF, None, None, None],
            9: [1e300, 0.001, None, None],
            14: [0.5, 0.001, 2.0, None],
            15: [0.25, 0.001, 4.0, None],
            20: [0.2, None, None, None],
            2**33: [None, None, None, 2.0**53],
        }
    )


def test_the_tracked_run_has_its_events_with_their_values():
    assert events_of(TRACKED) == [
        ("started", 0), ("evaluated", 6), ("phase", 6), ("samples", 6), ("gap", 9),
        ("checkpoint", 9), ("started", 9), ("edited", 20), ("evaluated", 2**33), ("ended", 2**33),
    ]  # fmt: skip
    now = History(RunFolder(TRACKED)).until()
    evaluated = {name: values.tolist() for name, values in now.evaluations.items()}
    assert repr(evaluated) == repr(
        {"step": [6.0, 2.0**33], "val_loss": [2.25, -0.0], "val_accuracy": [0.5, NAN]}
    )
    (gap,) = now.gaps
    assert (gap.first, gap.last, gap.nan, gap.infinite, gap.closed) == (5, 6, 1, 1, True)
    (phase,) = now.phases
    assert (phase.name, phase.after, phase.split, phase.threshold) == (
        "generalizing",
        0,
        "val",
        0.5,
    )
    token = {"text": "3", "target": "2", "ok": False}
    sample = {"tokens": [token], "split": "val", "prompt": "1+1=", "target": "2", "answer": "3"}
    assert now.samples[0].samples == [sample]
    assert [edit.changes for edit in now.edits] == [{"lr": 0.0005}]


def test_rows_of_the_tracked_run_without_a_seal_are_read_and_compared():
    history = History(RunFolder(TRACKED))
    assert history.resume_verified == {"steps": 3, "first_difference": 20}
    history.verify()
    assert history.damage == "" and history.missing == []


def test_the_tracked_run_has_its_settings_and_final_status():
    folder = RunFolder(TRACKED)
    shown = summarize(folder).to_json()
    assert folder.config == {"lr": 0.001, "layers": [1, 2], "adam": {"betas": [0.9, 0.98]}}
    assert folder.description["tracked"] == {"program": "loop.py"}
    assert folder.description["editable"] == ["lr"]
    assert (shown["name"], shown["status"]) == ("golden [bold]loop", "finished")
    assert (shown["step"], shown["steps"], shown["attempts"]) == (2**33, 40, 2)
    assert repr(shown["final"]) == repr({"val_loss": -0.0, "val_accuracy": 0.5})
    stored = folder.checkpoints.load(need="any")
    assert (stored.step, stored.files) == (9, {"model.bin": b"weights at step 9"})


def test_the_imported_run_has_the_values_of_its_log():
    assert History(RunFolder(IMPORTED)).until().steps.columns == ("reward", "entropy")
    found = rows_of(IMPORTED)
    expected = {0: [-1.5, None], 100: [0.1, None], 250: [0.3, 0.7], 300: [1e300, 0.1]}
    assert found == expected
    now = History(RunFolder(IMPORTED)).until()
    evaluated = {name: values.tolist() for name, values in now.evaluations.items()}
    assert evaluated == {"step": [250.0, 300.0], "val_return": [0.25, 0.5]}
    assert events_of(IMPORTED) == [
        ("started", 0), ("started", 249), ("evaluated", 250), ("evaluated", 300), ("ended", 300),
    ]  # fmt: skip


def test_the_imported_run_states_its_source_and_is_read_only():
    folder = RunFolder(IMPORTED)
    shown = summarize(folder).to_json()
    assert (shown["name"], shown["status"], shown["step"]) == ("rewards", "imported", 300)
    assert (shown["seconds"], shown["device"], shown["attempts"]) == (None, None, 2)
    assert folder.source["path"] == "rewards.csv" and folder.source["format"] == "csv"
    assert folder.source["details"]["replaced"] == 2
    with pytest.raises(RunError, match="imported"):
        folder.claim({}, seq=0, first_step=1, take_over=True)


def test_the_wide_table_of_a_run_with_distant_steps_has_a_row_per_step():
    table = [list(map(str, row)) for row in wide_rows(RunCurves.of(RunFolder(TRACKED)))]
    assert table[0] == ["step", "loss", "lr", "grad_norm", "tokens", "val_loss", "val_accuracy"]
    assert [row[0] for row in table[1:]] == ["1", "2", "5", "6", "9", "14", "15", "20", str(2**33)]
    assert table[3] == ["5", "nan", "0.001", "", "", "", ""]
    assert table[-1] == [str(2**33), "", "", "", str(2.0**53), "-0.0", ""]


@pytest.mark.parametrize("golden", [TRACKED, IMPORTED], ids=lambda path: path.name)
def test_the_doctor_finds_no_problem(golden):
    diagnosis = examine(RunFolder(golden))
    assert diagnosis.symptoms == []
    assert diagnosis.verified["rows"] == {TRACKED: 12, IMPORTED: 6}[golden]


@pytest.mark.parametrize("golden", [TRACKED, IMPORTED], ids=lambda path: path.name)
def test_a_reader_of_format_1_0_reads_the_name_and_refuses_to_write(golden, tmp_path, monkeypatch):
    path = shutil.copytree(golden, tmp_path / "run")
    # A reader of 1.0 knows its own version, and no entry of `requires`.
    monkeypatch.setattr(folder_module, "VERSION", (1, 0))
    monkeypatch.setattr(folder_module, "GROWING_ROWS", "an unknown requirement")
    before = {file: file.read_bytes() for file in path.rglob("*") if file.is_file()}
    folder = RunFolder(path)
    assert folder.description["requires"] == ["rows-1.1"]
    assert folder.labels().name in ("golden [bold]loop", "rewards")
    for write in (
        lambda: folder.set_labels(name="x"),
        lambda: folder.claim({}, seq=0, first_step=1, take_over=True),
    ):
        with pytest.raises(RunError, match="cannot be written to"):
            write()
    assert {file: file.read_bytes() for file in path.rglob("*") if file.is_file()} == before
