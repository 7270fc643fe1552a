"""Following a growing log gives the same run as importing the complete file."""

import json

import numpy as np
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from memlab.errors import DataError
from memlab.formats import read_log
from memlab.formats.follow import LogFollower
from memlab.formats.names import name_series
from memlab.formats.record_log import record_run
from memlab.record.folder import RunFolder
from memlab.record.history import History

from .test_fixtures import FOLDER, TEXT


def run_content(folder):
    """All rows and evaluations of a run."""
    snapshot = History(RunFolder(folder.path)).until()
    rows = {name: snapshot.steps.measured(name) for name in snapshot.steps.columns}
    found = {name: (s.tolist(), [repr(v) for v in v.tolist()]) for name, (s, v) in rows.items()}
    names = list(snapshot.evaluations)
    return found, {name: [repr(v) for v in snapshot.evaluations[name].tolist()] for name in names}


def follow(data, cuts, path, runs):
    """Follow a file that is written in pieces; returns the recording."""
    path.write_bytes(b"")
    follower = LogFollower(path, runs)
    for start, stop in zip([0, *cuts], [*cuts, len(data)], strict=True):
        with path.open("ab") as file:
            file.write(data[start:stop])
        follower.poll()
    follower.close()
    return follower.recording


FILES = [
    TEXT / "nanogpt.txt", TEXT / "llmc_main.log", TEXT / "log.jsonl", TEXT / "keras.csv",
    FOLDER / "lightning" / "version_0" / "metrics.csv", FOLDER / "run-fixture.wandb",
    next((FOLDER / "tensorboardX").iterdir()),
]  # fmt: skip


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.sampled_from(FILES), st.lists(st.floats(0, 1), max_size=5))
@example(TEXT / "nanogpt.txt", [0.0625])  # the first piece looks like the header of a table
def test_a_growing_file_gives_the_same_run_as_an_import(tmp_path_factory, source, places):
    folder = tmp_path_factory.mktemp("follow")
    data = source.read_bytes()
    cuts = sorted({int(place * len(data)) for place in places})
    recording = follow(data, cuts, folder / source.name, folder / "runs")
    log = read_log(source)
    run = log.runs[0]
    imported = record_run(run, log, name_series(run), folder / "imported", "a").folder
    assert run_content(recording.folder) == run_content(imported)


def test_all_rows_except_the_newest_are_recorded_while_the_file_grows(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("step,loss\n")
    follower = LogFollower(path, tmp_path / "runs")
    assert follower.poll() and follower.recording is None
    with path.open("a") as file:
        file.write("10,1.5\n20,1.25\n3")
    assert follower.poll()
    history = History(RunFolder(follower.recording.folder.path))
    assert history.until().steps["step"].tolist() == [10]
    assert not follower.poll()
    history.refresh()
    assert history.until().steps["step"].tolist() == [10, 20]
    with path.open("a") as file:
        file.write("0,1.0\n")
    follower.poll()
    follower.close()
    history.refresh()
    now = history.until()
    assert now.steps["step"].tolist() == [10, 20, 30] and follower.recording.attempts == 1
    np.testing.assert_array_equal(now.steps["loss"], [1.5, 1.25, 1.0])


def test_a_replaced_trainer_state_is_read_again(tmp_path):
    path = tmp_path / "trainer_state.json"
    rows = [{"loss": 2.0 / i, "step": 10 * i} for i in range(1, 5)]

    def write(n):
        path.write_text(json.dumps({"global_step": 10 * n, "log_history": rows[:n]}))

    write(2)
    follower = LogFollower(path, tmp_path / "runs")
    follower.poll()
    path.write_text('{"log_history": [')
    follower.poll()
    write(4)
    follower.poll()
    follower.close()
    steps = History(RunFolder(follower.recording.folder.path)).until().steps
    assert steps["step"].tolist() == [10, 20, 30, 40] and follower.recording.attempts == 1


def test_a_file_that_is_rewritten_with_another_column_is_read_again(tmp_path):
    path = tmp_path / "metrics.csv"
    path.write_text("step,loss\n1,1.0\n2,0.5\n3,0.25\n")
    follower = LogFollower(tmp_path, tmp_path / "runs")
    follower.poll()
    path.write_text("step,loss,val_loss\n1,1.0,\n2,0.5,0.75\n3,0.25,\n4,0.125,\n")
    follower.poll()
    follower.close()
    rows, evaluations = run_content(follower.recording.folder)
    assert rows["loss"][0] == [1, 2, 3, 4] and evaluations["val_loss"] == ["0.75"]


def test_a_missing_or_invalid_file_is_refused(tmp_path):
    with pytest.raises(DataError, match="no log to watch"):
        LogFollower(tmp_path / "missing", tmp_path)
    path = tmp_path / "a.csv"
    path.write_text("step,loss\n1,2\n1,2,3\n")
    with pytest.raises(DataError, match="line 3"):
        LogFollower(path, tmp_path).poll()


def test_a_training_loss_is_renamed_when_the_log_has_a_loss_per_step(tmp_path):
    """nanoGPT prints an evaluation first; here the line of the first step is read incompletely."""
    data = (TEXT / "nanogpt.txt").read_bytes()
    path = tmp_path / "nanogpt.txt"
    recording = follow(data, [data.index(b", mfu")], path, tmp_path / "runs")
    rows, evaluations = run_content(recording.folder)
    assert rows["loss"][0] == [0, 10, 20, 25, 30]
    assert evaluations["train_loss"] == ["4.2874", "2.6521"]


def test_a_log_with_a_common_file_name_is_named_after_its_folder(tmp_path):
    path = tmp_path / "small model" / "metrics.csv"
    path.parent.mkdir()
    recording = follow(b"step,loss\n1,2.0\n2,1.0\n", [], path, tmp_path / "runs")
    assert recording.folder.labels().name == read_log(path).runs[0].name == "small model"
