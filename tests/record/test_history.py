import dataclasses
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import memlab
from memlab.record import events
from memlab.record.events import COLUMNS
from memlab.record.folder import RunFolder
from memlab.record.history import History

from .make_run import values, write_rows


def claim(folder, seq=0, first_step=1):
    return folder.claim({}, seq=seq, first_step=first_step, take_over=True)


def evaluated(step, **measured):
    return events.Evaluated(step=step, values=measured)


def test_an_empty_run_has_an_empty_history(folder):
    now = History(folder).until()
    assert now.events == () and now.last_step == 0 and now.ended is None
    assert now.steps["loss"].size == now.evaluations["step"].size == 0
    assert now.memorized_at is None and now.open_spike is None
    assert History(folder).resume_verified is None


def test_a_history_contains_all_records(folder):
    spike = events.Spike(
        step=9, onset=7, base=1.0, peak=5.0, peak_step=8, recovered_at=9, label="spike"
    )
    written = [
        events.Started(step=0, attempt=1),
        evaluated(0, train_accuracy=0.1, val_loss=4.0),
        events.Samples(step=0, samples=[]),
        evaluated(5, train_accuracy=1.0, val_loss=float("nan")),
        events.Phase(step=5, name="memorized", after=0, threshold=0.99, split="train"),
        events.SpikeOnset(step=7, base=1.0, value=3.0, z=9.0),
        spike,
        events.Finding(step=9, level="info", what="w", why="y", advice="a"),
        events.Change(step=9, what="the next stage"),
        events.Edited(step=9, changes={"optimizer.lr": 1.0}),
        events.Checkpoint(step=9),
        evaluated(10, train_accuracy=1.0, val_loss=0.1, test_loss=0.2),
        events.Ended(step=10, reason="finished"),
    ]
    with claim(folder) as writer:
        write_rows(writer, 1, 10)
        for event in written:
            writer.write(event)
        writer.end("finished", 10, {})
    now = History(folder).until()
    assert [dataclasses.replace(e, wall=0, seq=-1) for e in now.events[:3]] == written[:3]
    assert [e.seq for e in now.events] == list(range(len(written)))
    assert now.evaluations["step"].tolist() == [0, 5, 10]
    assert np.array_equal(now.evaluations["val_loss"], [4, np.nan, 0.1], equal_nan=True)
    assert np.array_equal(now.evaluations["test_loss"], [np.nan, np.nan, 0.2], equal_nan=True)
    assert now.memorized_at == {"from": 0, "to": 5, "threshold": 0.99, "split": "train"}
    assert now.grokked_at is None
    assert now.open_spike is None and now.spikes[0].peak_step == 8
    assert now.ended.reason == "finished" and now.last_step == 10
    kinds = (now.samples, now.findings, now.changes, now.edits, now.checkpoints)
    assert [event.kind for (event,) in kinds] == [
        "samples", "finding", "change", "edited", "checkpoint",
    ]  # fmt: skip
    assert now.view("loss", 1, 10, 10).low.tolist() == values(1, 10)[:, 0].tolist()
    then = History(folder).until(8)
    assert then.open_spike.step == 7 and then.closed_spikes == () and then.ended is None
    (so_far,) = then.spikes
    assert (so_far.onset, so_far.label, so_far.recovered_at) == (7, "open", None)
    assert then.evaluations["step"].tolist() == [0, 5] and then.last_step == 8
    assert then.steps["step"].tolist() == list(range(1, 9))
    with pytest.raises(KeyError, match="val_loss"):
        now.evaluations["lost"]


def test_a_snapshot_does_not_change_while_the_run_continues(folder):
    with claim(folder) as writer:
        write_rows(writer, 1, 5)
        writer.write(evaluated(5, val_loss=1.0))
        history = History(folder)
        before = history.until()
        write_rows(writer, 6, 9)
        writer.write(evaluated(9, val_loss=0.5))
        assert history.refresh() and not history.refresh()
        assert before.evaluations["val_loss"].tolist() == [1.0] and before.last_step == 5
        assert before.steps["step"].tolist() == [1, 2, 3, 4, 5] and len(before.events) == 1
        assert history.until().evaluations["val_loss"].tolist() == [1.0, 0.5]
        assert history.until().last_step == 9


ATTEMPTS = st.lists(
    st.tuples(st.integers(1, 30), st.integers(0, 6), st.integers(0, 20), st.integers(0, 6)),
    min_size=1,
    max_size=4,
)


@settings(max_examples=40)
@given(ATTEMPTS, st.integers(0, 50), st.booleans())
def test_merged_attempts_equal_a_simple_loop(tmp_path_factory, attempts, cut, live):
    folder = RunFolder.create(tmp_path_factory.mktemp("runs"), {}, "", "")
    rows, kept = {}, []
    history = History(folder)
    for i, (first_step, seq, n_rows, n_events) in enumerate(attempts):
        first_step, seq = (first_step, seq) if i else (1, 0)
        rows = {s: r for s, r in rows.items() if s < first_step}
        kept = [e for e in kept if e.seq < seq]
        with claim(folder, seq, first_step) as writer:
            if n_rows:
                write_rows(writer, first_step, first_step + n_rows - 1)
                writer.flush()
            if live:
                history.refresh()
            for k in range(n_events):
                kept.append(writer.write(evaluated(first_step + k, attempt=i)))
        rows |= {s: 1 / np.float32(s) for s in range(first_step, first_step + n_rows)}
    history.refresh()
    now, then = history.until(), history.until(cut)
    assert now.events == tuple(kept)
    assert now.steps["step"].tolist() == sorted(rows)
    assert now.steps["lr"].tolist() == [np.float32(rows[s]) for s in sorted(rows)]
    assert then.steps["step"].tolist() == [s for s in sorted(rows) if s <= cut]
    assert all(e.step <= cut for e in then.events)
    verified = history.resume_verified
    assert (verified is None) == (len(attempts) == 1)
    assert not verified or verified["first_difference"] is None


def test_a_resume_is_verified_bit_by_bit(folder):
    with claim(folder) as writer:
        write_rows(writer, 1, 100)
    with claim(folder, first_step=41) as writer:
        write_rows(writer, 41, 80)
    assert History(folder).resume_verified == {"steps": 40, "first_difference": None}
    with claim(folder, first_step=61) as writer:
        changed = values(61, 90)
        changed[9, 1] = np.nextafter(changed[9, 1], np.float32(9))
        writer.write(events.Rows(step=90, values=changed))
    assert History(folder).resume_verified == {"steps": 60, "first_difference": 70}


def test_compared_rows_are_not_read_again(folder):
    with claim(folder) as writer:
        write_rows(writer, 1, 100)
    with claim(folder, first_step=41) as writer:
        write_rows(writer, 41, 80)
    history = History(folder)
    verdict = history.resume_verified
    for attempt in folder.attempts():
        (attempt.path / "steps.bin").unlink()
    assert history.resume_verified == verdict == {"steps": 40, "first_difference": None}


def test_rows_after_an_edit_are_compared_only_if_both_attempts_made_it(folder):
    edit = events.Edited(step=50, changes={"optimizer.lr": 1.0})
    with claim(folder) as writer:
        write_rows(writer, 1, 50)
        writer.write(edit)
        write_rows(writer, 51, 100)
    with claim(folder, first_step=41) as writer:
        write_rows(writer, 41, 50)
        writer.write(edit)
        write_rows(writer, 51, 100)
    assert History(folder).resume_verified == {"steps": 60, "first_difference": None}
    with claim(folder, seq=1, first_step=81) as writer:
        writer.write(events.Edited(step=90, changes={"optimizer.lr": 2.0}))
        changed = values(81, 100)
        changed[10:] += 1
        writer.write(events.Rows(step=100, values=changed))
    assert History(folder).resume_verified == {"steps": 70, "first_difference": None}


@pytest.mark.parametrize("name", ["attempt.json", "steps.idx", "steps.bin", "events.jsonl"])
def test_an_attempt_with_an_empty_file_is_read(folder, name):
    for seq, first_step in ((0, 1), (1, 6)):
        with claim(folder, seq, first_step) as writer:
            write_rows(writer, first_step, first_step + 9)
            writer.write(evaluated(first_step + 9, attempt=writer.number))
    (folder.path / "attempts" / "002" / name).write_bytes(b"")
    history = History(RunFolder(folder.path))
    now = history.until()
    steps = now.steps["step"]
    assert np.array_equal(now.steps["loss"], np.float32(np.sin(steps) + 2))
    if name == "attempt.json":
        assert steps.tolist() == list(range(1, 16)) and len(now.events) == 2
    assert history.resume_verified["first_difference"] is None


def test_swapped_files_of_two_attempts_show_no_wrong_value(folder):
    for _ in range(2):
        with claim(folder) as writer:
            write_rows(writer, 1, 5)
            writer.write(evaluated(5, attempt=writer.number))
    first, second = (folder.path / "attempts" / number for number in ("001", "002"))
    for name in ("steps.bin", "steps.idx", "events.jsonl"):
        (first / name).rename(first / "aside")
        (second / name).rename(first / name)
        (first / "aside").rename(second / name)
    now = History(folder).until()
    assert now.events == () and now.steps["loss"].size == 0


def test_memlab_open_reads_a_run(runs, folder, monkeypatch):
    with claim(folder) as writer:
        write_rows(writer, 1, 5)
        writer.write(evaluated(5, val_loss=0.5))
    run = memlab.open(folder.id, runs=str(runs))
    assert run.steps["loss"].dtype == np.float32 and list(run.steps) == ["step", *COLUMNS]
    assert run.evaluations["val_loss"].tolist() == [0.5] and len(run.events) == 1
    assert run.description["preset"] == {"name": "tiny"}
    monkeypatch.setenv("MEMLAB_RUNS", str(runs))
    assert memlab.open().history.folder.id == folder.id


def test_reading_a_run_imports_neither_torch_nor_training_nor_the_console(runs, folder):
    code = (
        "import sys, memlab; memlab.open('last', runs=sys.argv[1]).steps['loss']\n"
        "print(*(m for m in ('torch', 'textual', 'rich', 'pydantic', 'memlab.training') if m in sys.modules))"
    )
    result = subprocess.run(
        [sys.executable, "-c", code, runs], capture_output=True, text=True, check=True
    )
    assert result.stdout.strip() == ""
