"""Run folders written by the worker: undisturbed, interrupted, edited, resumed."""

import itertools
import shutil

import numpy as np
import pytest

from memlab.errors import BusyError
from memlab.preset.create import create_run
from memlab.record.commands import CheckpointNow, Edit, Pause, Resume, Stop, send
from memlab.record.events import (
    Checkpoint,
    Ended,
    Evaluated,
    Paused,
    Resumed,
    Rows,
    Started,
    to_json,
)
from memlab.record.folder import RunFolder
from memlab.record.history import History
from memlab.record.status import Status
from memlab.record.summary import summarize
from memlab.training.worker import work

OF_AN_ATTEMPT = ("started", "paused", "resumed", "ended")


def outcome(folder):
    """All results that must not depend on interruptions."""
    history = History(folder)
    now = history.until()
    events = [
        {key: value for key, value in to_json(event).items() if key not in ("wall", "seq")}
        for event in now.events
        if event.kind not in OF_AN_ATTEMPT
    ]
    rows = now.steps.read(0, 10**9)
    weights = folder.checkpoints.load(need="resume").files["model.safetensors"]
    return rows[0].tobytes(), rows[1].tobytes(), events, weights


def begin(folder, stop_at=None, **options):
    """Train until an event for which `stop_at` is true, then abandon the run without an end."""
    for event in work(folder, device="cpu", **options):
        if stop_at and stop_at(event):
            return event
    return event


@pytest.fixture
def undisturbed(copy_of_tiny_run, tmp_path):
    return copy_of_tiny_run(tmp_path / "undisturbed")


def test_a_finished_run_folder_is_complete(undisturbed):
    shown = summarize(undisturbed).to_json()
    assert shown["status"] == "finished"
    assert (shown["step"], shown["steps"], shown["attempts"]) == (30, 30, 1)
    assert shown["final"]["train_loss"] >= 0
    assert shown["best"]["val_loss"] <= shown["final"]["val_loss"]
    assert shown["parameters"] == undisturbed.description["check"]["parameters"]
    assert len(shown["weights_sha256"]) == 64
    assert shown["damaged"] == 0
    assert shown["resume_verified"] is None


def test_only_the_newest_the_best_and_the_last_checkpoints_are_kept(undisturbed):
    best = summarize(undisturbed).to_json()["best"]["step"]
    assert set(undisturbed.checkpoints.steps()) == {20, 30, int(best)}


@pytest.mark.parametrize(
    "n_events",
    [pytest.param(n, marks=[] if n % 3 == 1 else pytest.mark.slow) for n in range(1, 40, 4)],
)
def test_a_run_that_dies_at_any_event_ends_with_the_same_bits(
    tiny, tmp_path, undisturbed, n_events
):
    folder = create_run(tiny(), tmp_path / "again")
    count = itertools.count(1)
    begin(folder, lambda event: next(count) == n_events)
    begin(folder)
    assert outcome(folder) == outcome(undisturbed)


def test_a_run_that_dies_repeatedly_ends_with_the_same_bits(tiny, tmp_path, undisturbed):
    folder = create_run(tiny(), tmp_path / "again")
    while folder.status() is not Status.FINISHED:
        # A resumed attempt reports again the checkpoint from which it starts.
        start = max(folder.checkpoints.steps(), default=0)
        begin(folder, lambda event, since=start: event.kind == "checkpoint" and event.step > since)
    assert len(folder.attempts()) > 3
    assert outcome(folder) == outcome(undisturbed)
    verified = summarize(folder).to_json()["resume_verified"]
    assert verified["first_difference"] is None


def test_recomputed_rows_are_compared(tiny, tmp_path):
    folder = create_run(tiny(), tmp_path)
    begin(folder, lambda event: isinstance(event, Evaluated) and event.step == 15)
    begin(folder)
    assert summarize(folder).to_json()["resume_verified"] == {"steps": 5, "first_difference": None}


def test_an_edit_is_kept_after_a_crash_right_after_it(tiny, tmp_path):
    runs = []
    for name, crash in (("whole", False), ("crashed", True)):
        folder = create_run(tiny(), tmp_path / name)
        sent = False
        for event in work(folder, device="cpu"):
            if isinstance(event, Started) and not sent:
                send(folder, Edit({"optimizer.lr": 0.002}, at=13))
                sent = True
            if crash and event.kind == "edited":
                break
        begin(folder)
        runs.append(folder)
    assert outcome(runs[0]) == outcome(runs[1])
    rates = History(runs[1]).until().steps["lr"]
    assert set(rates[:13]) == {np.float32(0.01)}
    assert set(rates[13:]) == {np.float32(0.002)}


def test_settings_can_change_on_resume(undisturbed):
    begin(undisturbed, edits={"training.steps": 45, "optimizer.lr": 0.001})
    shown = summarize(undisturbed).to_json()
    assert (shown["step"], shown["steps"]) == (45, 45)
    assert shown["edits"] == [
        {"step": 30, "changes": {"training.steps": 45, "optimizer.lr": 0.001}}
    ]
    assert set(History(undisturbed).until().steps["lr"][30:]) == {np.float32(0.001)}


def test_a_pause_does_not_change_the_results(tiny, tmp_path, undisturbed, monkeypatch):
    folder = create_run(tiny(), tmp_path / "paused")
    monkeypatch.setattr("time.sleep", lambda seconds: send(folder, Resume()))
    kinds = []
    for event in work(folder, device="cpu"):
        kinds.append(type(event))
        if isinstance(event, Evaluated) and event.step == 10:
            send(folder, Pause())
    assert Paused in kinds
    assert Resumed in kinds
    assert outcome(folder) == outcome(undisturbed)


def test_a_paused_run_saves_and_applies_edits_immediately(tiny, tmp_path, monkeypatch):
    folder = create_run(tiny(), tmp_path)
    now, later = Edit({"optimizer.lr": 0.002}), Edit({"optimizer.lr": 0.001}, at=25)
    commands = [CheckpointNow(), CheckpointNow(), later, now, Resume()]
    monkeypatch.setattr("time.sleep", lambda seconds: send(folder, commands.pop(0)))
    events = []
    for event in work(folder, device="cpu"):
        events.append(event)
        if isinstance(event, Evaluated) and event.step == 15:
            send(folder, Pause())
        if event.kind == "resumed":
            assert {10, 15} <= set(folder.checkpoints.steps())
    kinds = [event.kind for event in events]
    meanwhile = events[kinds.index("paused") : kinds.index("resumed") + 1]
    assert {event.step for event in meanwhile} == {15}
    kinds = [event.kind for event in meanwhile if event.kind != "samples"]
    assert kinds == ["paused", "checkpoint", "checkpoint", "edited", "checkpoint", "resumed"]
    assert [edit.step for edit in History(folder).until().edits] == [15, 25]


def test_an_edit_with_a_warning_takes_effect_while_the_run_is_paused(tiny, tmp_path, monkeypatch):
    folder = create_run(tiny(**{"optimizer.schedule": "cosine"}), tmp_path)
    commands = [Edit({"training.steps": 300}), Resume()]
    monkeypatch.setattr("time.sleep", lambda seconds: send(folder, commands.pop(0)))
    kinds = []
    for event in work(folder, device="cpu"):
        kinds.append(event.kind)
        if isinstance(event, Evaluated) and event.step == 25:
            send(folder, Pause())
        if event.kind == "resumed":
            send(folder, Stop())
    paused = kinds[kinds.index("paused") : kinds.index("resumed")]
    assert [kind for kind in paused if kind in ("finding", "edited")] == ["finding", "edited"]


def test_commands_during_a_pause_have_the_same_effect_as_without_one(tiny, tmp_path, monkeypatch):
    runs, edit = [], Edit({"optimizer.lr": 0.002})
    for name, at_15 in (("whole", [edit]), ("paused", [Pause()]), ("killed", [Pause()])):
        folder = create_run(tiny(), tmp_path / name)
        later = [edit, Resume()]
        monkeypatch.setattr("time.sleep", lambda seconds, f=folder, w=later: send(f, w.pop(0)))
        for event in work(folder, device="cpu"):
            if isinstance(event, Evaluated) and event.step == 15:
                for command in at_15:
                    send(folder, command)
            if name == "killed" and event.kind == "checkpoint" and event.step == 15:
                break
        if name == "killed":
            begin(folder)
        runs.append(outcome(folder))
    assert runs[0] == runs[1] == runs[2]


def test_a_paused_run_that_another_process_takes_over_ends(tiny, tmp_path, monkeypatch):
    folder = create_run(tiny(), tmp_path)
    claims = []

    def meanwhile(seconds):
        assert not claims, "it still waits after another process has taken over the run"
        claims.append(RunFolder(folder.path).claim({}, seq=99, first_step=1, take_over=True))

    monkeypatch.setattr("time.sleep", meanwhile)
    for event in work(folder, device="cpu"):
        if isinstance(event, Evaluated) and event.step == 10:
            send(folder, Pause())
    assert (event.kind, event.reason) == ("ended", "superseded")
    assert folder.attempts()[0].end["reason"] == "superseded"
    assert not claims[0].superseded()
    claims[0].close()


def test_a_run_can_be_stopped_and_resumed(tiny, tmp_path, undisturbed):
    folder = create_run(tiny(), tmp_path / "stopped")
    for event in work(folder, device="cpu"):
        if isinstance(event, Evaluated) and event.step == 15:
            send(folder, Stop())
    assert folder.status() is Status.STOPPED
    assert event.step < 30
    assert event.step in folder.checkpoints.steps()
    begin(folder)
    assert outcome_but_checkpoints(folder) == outcome_but_checkpoints(undisturbed)


def outcome_but_checkpoints(folder):
    steps, rows, events, weights = outcome(folder)
    return steps, rows, [e for e in events if e["kind"] != "checkpoint"], weights


def test_an_interrupted_run_has_the_status_interrupted(tiny, tmp_path):
    folder = create_run(tiny(), tmp_path)
    ended = begin(folder, interrupted=lambda: True)
    assert ended.reason == "interrupted"
    assert folder.status() is Status.INTERRUPTED


def test_a_live_run_is_not_claimed_by_a_second_process_without_take_over(
    tiny, tmp_path, undisturbed
):
    folder = create_run(tiny(), tmp_path / "live")
    first = work(folder, device="cpu")
    for event in first:
        if isinstance(event, Checkpoint):
            break
    with pytest.raises(BusyError):
        begin(folder)
    second = work(folder, device="cpu", take_over=True)
    assert isinstance(next(second), Started)
    assert [e.reason for e in first if isinstance(e, Ended)] == ["superseded"]
    list(second)
    assert outcome(folder) == outcome(undisturbed)


def test_a_damaged_checkpoint_is_rejected_and_the_previous_one_is_used(tiny, tmp_path, undisturbed):
    folder = create_run(tiny(), tmp_path / "damaged")
    begin(folder, lambda e: isinstance(e, Checkpoint) and e.step == 20)
    path = folder.path / "checkpoints" / "step-000000020" / "optimizer.safetensors"
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(bytes(data))
    begin(folder)
    findings = History(folder).until().findings
    assert any("step 20" in f.what and "damaged" in f.what for f in findings)
    steps, rows, _, weights = outcome(folder)
    assert (steps, rows, weights) == tuple(outcome(undisturbed)[i] for i in (0, 1, 3))


def test_a_run_resumes_although_its_best_weights_are_lost(tiny, tmp_path, undisturbed):
    folder = create_run(tiny(**{"optimizer.lr": 0.05}), tmp_path / "lost")
    begin(folder, lambda e: isinstance(e, Checkpoint) and e.step == 20)
    best = int(summarize(folder).to_json()["best"]["step"])
    assert best not in (10, 20)
    shutil.rmtree(folder.path / "checkpoints" / f"step-{best:09d}")
    begin(folder)
    assert folder.status() is Status.FINISHED
    assert any("best weights" in f.what for f in History(folder).until().findings)


def test_an_error_in_training_ends_the_attempt_as_failed(tiny, tmp_path, monkeypatch):
    folder = create_run(tiny(), tmp_path)

    def broken(*_):
        raise RuntimeError("no more memory")

    monkeypatch.setattr("memlab.training.step.update", broken)
    with pytest.raises(RuntimeError):
        begin(folder)
    assert folder.status() is Status.FAILED
    assert "no more memory" in folder.attempts()[-1].end["summary"]["error"]


def test_rows_are_written_only_to_their_file(undisturbed):
    assert not any(isinstance(event, Rows) for event in History(undisturbed).until().events)
