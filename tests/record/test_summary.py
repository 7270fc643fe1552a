"""The summary of a run, compared with values written by hand."""

import json

import numpy as np
import pytest

from memlab.detectors.curve import recorded_spikes
from memlab.record import events
from memlab.record.doctor import examine
from memlab.record.folder import RunFolder
from memlab.record.history import History
from memlab.record.runs import find
from memlab.record.summary import brief, end_summary, planned_steps, summarize

from .make_run import write_rows

NAN = float("nan")


@pytest.fixture
def folder(runs):
    """20 of 30 planned steps, edited to 25; one attempt died at step 12, the next was stopped."""
    description = {
        "preset": {"name": "tiny", "training": {"seed": 7}},
        "check": {"updates": 30, "parameters": 1234},
    }
    folder = RunFolder.create(runs, description, "", "mine")
    folder.set_labels(tags=["a"], note="b")
    with folder.claim({}, seq=0, first_step=1) as writer:
        for event in (
            events.Started(step=0, attempt=1, device="cpu", engine="plain"),
            events.Evaluated(step=0, values={"train_loss": 4.0, "val_loss": NAN}),
            events.Evaluated(step=10, values={"train_loss": 0.5, "val_loss": 0.25}),
            events.Phase(step=10, name="memorized", after=0, threshold=0.99, split="train"),
            events.Edited(step=10, changes={"training.steps": 25}),
        ):
            writer.write(event)
        write_rows(writer, 1, 12)
    with folder.claim({}, seq=5, first_step=11) as writer:
        spike = events.Spike(
            step=15, onset=13, base=1.0, peak=9.0, peak_step=14, recovered_at=15, label="spike"
        )
        for event in (
            events.Started(step=10, attempt=2, resumed_from=10, device="cpu", engine="tree"),
            spike,
            events.Phase(step=20, name="grokked", after=10, threshold=0.99, split="val"),
            events.Finding(step=20, level="info", what="w", why="y", advice="a"),
            events.Evaluated(step=20, values={"train_loss": 0.25, "val_loss": 0.5}),
            events.Evaluated(step=20, values={"test_loss": 0.75}),
            events.Ended(step=20, reason="stopped", summary={"weights_sha256": "abc"}),
        ):
            writer.write(event)
        write_rows(writer, 11, 20)
        writer.end("stopped", 20, end_summary(folder))
    return folder


def test_the_summary_has_the_values_of_the_run(folder):
    found = summarize(folder).to_json()
    expected = {
        "run": folder.id, "name": "mine", "tags": ["a"], "preset": "tiny", "status": "stopped",
        "step": 20, "steps": 25, "seed": 7, "device": "cpu", "engine": "tree", "parameters": 1234,
        "final": {"train_loss": 0.25, "val_loss": 0.5, "test_loss": 0.75},
        "best": {"step": 10, "train_loss": 0.5, "val_loss": 0.25},
        "memorized_at": {"from": 0, "to": 10, "threshold": 0.99, "split": "train"},
        "grokked_at": {"from": 10, "to": 20, "threshold": 0.99, "split": "val"},
        "edits": [{"step": 10, "changes": {"training.steps": 25}}],
        "findings": [{"step": 20, "level": "info", "what": "w", "why": "y", "try": "a"}],
        "attempts": 2, "resume_verified": {"steps": 2, "first_difference": None},
        "weights_sha256": "abc", "damaged": 0, "learned": None,
    }  # fmt: skip
    assert {key: found[key] for key in expected} == expected
    assert [phase["name"] for phase in found["phases"]] == ["memorized", "grokked"]
    (spike,) = found["spikes"]
    assert (spike["step"], spike["peak"], spike["recovered_at"]) == (13, 9.0, 15)
    assert 0 <= found["seconds"] < 3600
    assert found["steps_per_second"] == pytest.approx((10 + 10) / found["seconds"])
    json.dumps(found, allow_nan=False)


def test_a_renamed_run_has_the_name_of_its_folder(folder, monkeypatch):
    moved = folder.path.rename(folder.path.with_name("moved"))
    found = find(moved.parent, "moved")
    assert summarize(found).to_json()["run"] == brief(found)["run"] == examine(found).run == "moved"
    monkeypatch.chdir(moved)
    assert summarize(find(moved.parent, ".")).to_json()["run"] == "moved"


def test_the_brief_of_an_ended_run_needs_no_events(folder):
    (folder.path / "attempts/002/events.jsonl").unlink()
    assert brief(RunFolder(folder.path)) == {
        "run": folder.id, "name": "mine", "tags": ["a"], "note": "b", "preset": "tiny",
        "created": folder.description["created"], "status": "stopped", "step": 20,
        "final": {"train_loss": 0.25, "val_loss": 0.5, "test_loss": 0.75},
        "memorized_at": {"from": 0, "to": 10, "threshold": 0.99, "split": "train"},
        "grokked_at": {"from": 10, "to": 20, "threshold": 0.99, "split": "val"},
        "spikes": 1, "sweep": None,
    }  # fmt: skip


def test_the_summary_of_a_queued_run_is_empty(runs):
    folder = RunFolder.create(runs, {"check": {"updates": 30}}, "", "")
    found = summarize(folder).to_json()
    assert (found["status"], found["step"], found["steps"]) == ("queued", 0, 30)
    assert found["seconds"] == 0 and found["steps_per_second"] is None
    assert found["best"] is None and found["final"] == {} and found["weights_sha256"] is None
    assert planned_steps(folder) == 30
    assert brief(folder)["final"] == {} and brief(folder)["spikes"] is None


def test_an_edit_with_an_invalid_value_does_not_change_the_planned_steps(runs):
    folder = RunFolder.create(runs, {"check": {"updates": 30}}, "", "")
    with folder.claim({}, seq=0, first_step=1) as writer:
        writer.write(events.Edited(step=0, changes={"training.steps": "many"}))
    assert summarize(folder).to_json()["steps"] == 30


@pytest.mark.parametrize(
    ("values", "best"),
    [
        ({"val_loss": NAN}, None),
        ({"train_accuracy": 0.5}, None),
        ({"train_loss": 0.5}, {"step": 1, "train_loss": 0.5}),
    ],
)
def test_the_best_evaluation_has_the_lowest_loss_that_is_not_nan(runs, values, best):
    folder = RunFolder.create(runs, {}, "", "")
    with folder.claim({}, seq=0, first_step=1) as writer:
        writer.write(events.Evaluated(step=1, values=values))
    assert summarize(folder).to_json()["best"] == best


def test_events_without_started_are_not_training_time(runs):
    """The event `started` is missing if the first line of an attempt is lost."""
    folder = RunFolder.create(runs, {}, "", "")
    with folder.claim({}, seq=0, first_step=1) as writer:
        writer.write(events.Change(step=1, what="a"))
        writer.write(events.Change(step=9, what="b"))
    assert summarize(folder).to_json()["steps_per_second"] is None


def test_an_open_spike_is_counted_and_marked_everywhere(runs):
    folder = RunFolder.create(runs, {}, "", "open")
    with folder.claim({}, seq=0, first_step=1) as writer:
        writer.write(events.Started(step=0, attempt=1, device="cpu", engine="plain"))
        losses = np.full((20, len(events.COLUMNS)), 1.0, np.float32)
        losses[14:, 0] = [3.0, 8.0, NAN, 7.0, np.inf, 6.0]
        writer.write(events.Rows(step=20, values=losses))
        writer.write(events.SpikeOnset(step=15, base=1.0, value=3.0, z=9.0, noticed=15))
        writer.end("finished", 20, end_summary(folder))
    (spike,) = summarize(folder).to_json()["spikes"]
    assert (spike["open"], spike["kind"], spike["recovered_at"]) == (True, "open", None)
    assert (spike["step"], spike["peak"], spike["peak_step"]) == (15, 8.0, 16)
    assert brief(folder)["spikes"] == 1
    snapshot = History(folder).until()
    assert [s.onset for s in recorded_spikes(snapshot).spikes] == [15]
    assert snapshot.open_spike.step == 15 and snapshot.closed_spikes == ()
    assert History(folder).until(15).spikes[0].peak == 3.0


def test_a_member_names_its_sweep_and_a_damaged_entry_is_ignored(runs):
    entry = {"id": "s", "name": "grid", "cell": 3, "at": {"lr": 0.1}, "seed": 2}
    member = RunFolder.create(runs, {"sweep": {**entry, "more": 1}}, "", "member")
    assert brief(member)["sweep"] == entry
    assert brief(RunFolder.create(runs, {"sweep": "s"}, "", "odd"))["sweep"] is None
