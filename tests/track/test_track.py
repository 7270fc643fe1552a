"""Runs that `memlab.track` records from a training loop of the user."""

import errno
import os
import sys
import threading
import warnings

import numpy as np
import pytest

import memlab
from memlab.errors import BusyError, RunError
from memlab.record import files
from memlab.record.commands import CheckpointNow, Edit, Pause, Resume, Stop, send
from memlab.record.doctor import examine
from memlab.record.events import Edited, Evaluated, Paused, Resumed, Spike
from memlab.record.folder import RunFolder
from memlab.record.history import History
from memlab.record.row_format import is_missing
from memlab.record.row_tail import TailWriter
from memlab.record.summary import summarize
from memlab.track import attempt_buffer, tracked_run


@pytest.fixture
def runs(tmp_path, monkeypatch):
    monkeypatch.setattr(files.Calls, "fsync", staticmethod(lambda fd: None))
    monkeypatch.setattr(tracked_run, "POLL_SECONDS", 0.0)
    return tmp_path / "runs"


def now(run):
    return History(RunFolder(run.folder.path)).until()


def test_a_loop_is_a_run_with_rows_evaluations_samples_and_checkpoints(runs):
    config = {"lr": np.float32(0.5), "layers": [1, (2,)], "path": runs, "deep": {"a": None}}
    with memlab.track("my run", config=config, steps=30, runs=runs) as run:
        for step in range(1, 31):
            run.log(loss=1 / step, grad_norm=np.float64(step))
            if step % 10 == 0:
                run.log({"extra/x": step}, step=step)
                run.evaluated(val_loss=2 / step, val_accuracy=0.5)
                run.samples([{"prompt": "1+1", "answer": "2", "target": "2"}])
                assert run.checkpoint({"model.safetensors": bytes([step])})
    folder = RunFolder(run.folder.path)
    found = now(run)
    assert found.steps["step"].tolist() == list(range(1, 31))
    assert found.steps["loss"].tolist() == [1 / step for step in range(1, 31)]
    assert found.steps.measured("extra/x")[0].tolist() == [10, 20, 30]
    assert found.evaluations["val_loss"].tolist() == [0.2, 0.1, 2 / 30]
    assert found.samples[0].samples[0]["answer"] == "2"
    assert folder.checkpoints.steps() == [20, 30]
    shown = summarize(folder).to_json()
    assert (shown["status"], shown["step"], shown["steps"]) == ("finished", 30, 30)
    assert folder.config == {
        "lr": 0.5, "layers": [1, [2]], "path": str(runs), "deep": {"a": None},
    }  # fmt: skip
    assert examine(folder).symptoms == []


def test_rows_are_on_the_disk_when_log_returns(runs):
    run = memlab.track("a", runs=runs)
    history = History(run.folder)
    for step in range(1, 2001):
        run.log(loss=step)
        if step in (1, 2, 1023, 1024, 1025, 2000):
            history.refresh()
            fresh = now(run)
            for view in (history.until(), fresh):
                assert view.steps["loss"].tolist() == list(range(1, step + 1))
                assert view.view("loss", 1, 2000, 1).high[0] == step
                assert view.steps.last_step == step
    run.close()


def test_values_may_be_added_to_the_last_step_and_steps_may_be_given_with_gaps(runs):
    with memlab.track("a", runs=runs) as run:
        run.log(step=0, a=1)
        run.log(step=10, a=2)
        run.log(step=10, b=3)
        run.log(step=10, a=4)
        run.log()
        run.log(b=5)
        with pytest.raises((TypeError, ValueError)):
            run.log(step=11, b="no number")
        with pytest.warns(RuntimeWarning, match="step 3 came after step 11"):
            run.log(step=3, a=9)
        run.log(step=12, a=6)
        with pytest.warns(RuntimeWarning, match="not recorded: 1 values out of order"):
            run.close()
    steps, values = now(run).steps.read(0, 99)
    assert steps.tolist() == [0, 10, 11, 12]
    assert np.where(is_missing(values), -1, values).tolist() == [[1, -1], [4, 3], [-1, 5], [6, -1]]


def test_spikes_and_phases_have_the_steps_of_the_loop(runs):
    rng = np.random.default_rng(0)
    losses = 0.1 * np.exp(rng.normal(0, 0.02, 400))
    losses[300:305] = 3.0
    with memlab.track("a", runs=runs) as run:
        for i, loss in enumerate(losses):
            run.log(step=7 * i, loss=loss)
            if i in (100, 200):
                run.evaluated(train_accuracy=1.0, val_accuracy=0.0 if i == 100 else 1.0)
    found = now(run)
    (spike,) = found.of(Spike)
    assert (spike.onset, spike.peak_step, spike.recovered_at) == (2100, 2100, 7 * 305)
    assert spike.peak == pytest.approx(3.0)
    assert {"memorized", "grokked"} <= {phase.name for phase in found.phases}
    assert found.grokked_at["to"] == 1400


def test_a_resumed_loop_is_a_new_attempt_that_continues_from_its_checkpoint(runs):
    first = memlab.track("a", runs=runs)
    for step in range(1, 21):
        first.log(loss=step)
        if step == 15:
            first.checkpoint({"weights": b"fifteen"})
    first.evaluated(val_loss=1.0)
    with pytest.raises(BusyError):
        memlab.track("a", runs=runs, resume=True)
    first.close("interrupted")
    with memlab.track("a", runs=runs, resume=True) as run:
        assert run.folder.path == first.folder.path and run.step == 15
        assert run.resumed_from == {"weights": b"fifteen"}
        for step in range(16, 26):
            run.log(loss=step)
    history = History(RunFolder(run.folder.path))
    assert history.until().steps["loss"].tolist() == list(range(1, 26))
    assert history.resume_verified == {"steps": 5, "first_difference": None}
    assert len(run.folder.attempts()) == 2 and len(history.until().evaluations["step"]) == 0
    with memlab.track("a", runs=runs, resume=run.id, at=3) as again:
        assert again.step == 3 and again.resumed_from is None
        again.log(loss=40)
    assert now(again).steps["loss"].tolist() == [1, 2, 3, 40]
    with memlab.track("other", runs=runs, resume=True) as other:
        assert other.folder.path != run.folder.path
    with memlab.track("other", runs=runs, resume=True) as other:
        other.log(loss=1)
    foreign = RunFolder.create(runs, {}, "a: 1\n", "foreign")
    with pytest.raises(RunError, match="not created by"):
        memlab.track("a", runs=runs, resume=foreign.id)


def test_commands_pause_stop_and_edit_declared_settings(runs):
    run = memlab.track(
        "a", config={"lr": 0.1, "on": True, "kind": "x"}, editable=["lr", "on"], runs=runs
    )
    run.log(loss=1)
    for changes in ({"lr": "fast"}, {"on": 1}, {"kind": "y"}, {"lr": 0.2, "on": False}):
        send(run.folder, Edit(changes))
    send(run.folder, Pause())
    send(run.folder, CheckpointNow())
    send(run.folder, Resume())
    send(run.folder, Resume())
    received = list(run.commands())
    assert received == [Edit({"lr": 0.2, "on": False}), CheckpointNow()]
    received = list(run.commands())
    assert received == []
    send(run.folder, Pause())
    send(run.folder, Stop())
    assert [command.kind for command in run.commands()] == ["stop"] and run.stop_requested
    run.__exit__(None, None, None)
    found = now(run)
    refused = [finding.what for finding in found.findings]
    assert len(refused) == 3 and "kind was not declared editable" in refused[2]
    assert [edit.changes for edit in found.of(Edited)] == [{"lr": 0.2, "on": False}]
    assert len(found.of(Paused)) == len(found.of(Resumed)) == 2
    assert run.folder.status() == "stopped"
    with pytest.raises(RunError, match="editable"):
        memlab.track("b", config={"lr": 1}, editable=["rl"], runs=runs)


def test_the_status_of_a_run_follows_the_end_of_its_block(runs):
    for error, status in ((ValueError("x"), "failed"), (KeyboardInterrupt(), "interrupted")):
        with pytest.raises(type(error)), memlab.track("a", runs=runs) as run:
            run.log(loss=1)
            raise error
        assert RunFolder(run.folder.path).status() == status
    with pytest.warns(RuntimeWarning, match="after the run was closed"):
        run.log(loss=2)
        run.log(loss=2)
    assert not run.checkpoint({"a": b""})
    with pytest.raises(ValueError, match="cannot have a file"):
        run.checkpoint({"../a": b""})


def test_rows_of_several_threads_are_all_recorded(runs):
    with memlab.track("a", runs=runs) as run:

        def work():
            for _ in range(2000):
                run.log(loss=1.0)

        threads = [threading.Thread(target=work) for _ in range(4)]
        [thread.start() for thread in threads]
        [thread.join() for thread in threads]
    assert now(run).steps["step"].tolist() == list(range(1, 8001))


def test_a_forked_process_records_nothing_and_leaves_the_run_intact(runs):
    with memlab.track("a", runs=runs) as run:
        run.log(loss=1.0)
        child = os.fork()
        if not child:
            run.log(loss=2.0)
            run.evaluated(val_loss=2.0)
            run.close()
            os._exit(0)
        os.waitpid(child, 0)
        run.log(loss=3.0)
    found = now(run)
    assert found.steps["loss"].tolist() == [1.0, 3.0] and not found.of(Evaluated)
    assert run.folder.status() == "finished" and examine(run.folder).symptoms == []


class FullDisk:
    """While `full`, writes half of the data and raises an error."""

    def __init__(self, monkeypatch):
        self.full, self.real = False, files.Calls.pwrite
        monkeypatch.setattr(files.calls, "pwrite", self.pwrite, raising=False)

    def pwrite(self, fd, data, offset):
        if self.full:
            self.real(fd, data[: len(data) // 2], offset)
            raise OSError(errno.ENOSPC, "No space left on device")
        return self.real(fd, data, offset)


def test_a_full_disk_raises_no_error_and_no_row_is_lost_once_there_is_space(runs, monkeypatch):
    disk = FullDisk(monkeypatch)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        with memlab.track("a", runs=runs) as run:
            disk.full = True
            for step in range(1, 3001):
                run.log(loss=step)
                if step % 1000 == 0:
                    run.log(step=step, late=step)
                    run.evaluated(val_loss=step)
            assert not run.checkpoint({"a": b"1"})
            disk.full = False
            run.log(loss=3001)
    messages = [str(warning.message).partition(": ")[2].partition(": ")[2] for warning in caught]
    assert len(messages) == 2 and messages[0].startswith("the run cannot be written")
    assert {warning.filename for warning in caught} == {__file__}  # the line of the loop
    assert messages[1] == "not recorded: 1 checkpoints, 3 values"
    found = now(run)
    assert found.steps["step"].tolist() == list(range(1, 3002))
    assert found.steps.measured("loss")[1].tolist() == list(range(1, 3002))
    assert found.evaluations["val_loss"].tolist() == [1000, 2000, 3000]
    assert examine(run.folder).healthy


def test_the_buffer_for_a_full_disk_is_bounded_and_losses_are_reported(runs, monkeypatch):
    monkeypatch.setattr(attempt_buffer, "BUFFER_ROWS", 2000)
    monkeypatch.setattr(attempt_buffer, "BUFFER_EVENTS", 5)
    disk = FullDisk(monkeypatch)
    run = memlab.track("a", runs=runs)
    run.log(loss=1)
    disk.full = True
    with pytest.warns(RuntimeWarning):
        for step in range(2, 6001):
            run.log(loss=step)
            if step > 5990:
                run.evaluated(val_loss=step)
    disk.full = False
    with pytest.warns(RuntimeWarning, match="not recorded: .* rows, .* events"):
        run.close()
    history = History(RunFolder(run.folder.path))
    steps = history.until().steps["step"]
    assert len(steps) >= 2000 and steps[-1] == 6000
    assert sum(missing.rows for missing in history.missing) == 6000 - len(steps)
    assert run.folder.status() == "finished"
    run = memlab.track("b", runs=runs)
    run.log(loss=1)
    disk.full = True
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        run.log(loss=2)
        run.close()
    assert "not recorded: 2 rows, 1 events" in str(caught[-1].message)
    found = RunFolder(run.folder.path)
    assert found.status() == "died" and History(found).until().steps["loss"].tolist() == [1]


def test_tracking_imports_neither_torch_nor_the_console():
    code = "import memlab, sys; memlab.track; import memlab.track.start; "
    code += "sys.exit(bool({'torch', 'textual', 'rich'} & set(sys.modules)))"
    assert os.spawnv(os.P_WAIT, sys.executable, [sys.executable, "-c", code]) == 0


def test_a_ring_that_does_not_fit_on_the_disk_is_removed(tmp_path, monkeypatch):
    disk = FullDisk(monkeypatch)
    disk.full = True
    with pytest.raises(OSError, match="No space"):
        TailWriter(tmp_path / "ring", seed=1, n_columns=2)
    assert not (tmp_path / "ring").exists()
    disk.full = False
    TailWriter(tmp_path / "ring", seed=1, n_columns=2).close()


def test_detectors_see_rows_that_a_checkpoint_seals(runs):
    losses = 0.1 * np.exp(np.random.default_rng(0).normal(0, 0.02, 200))
    losses[150:155] = 3.0
    with memlab.track("a", runs=runs) as run:
        for step, loss in enumerate(losses, 1):
            run.log(loss=loss)
            if step % 7 == 0:
                run.checkpoint({"state": b""})
    assert [spike.onset for spike in now(run).of(Spike)] == [151]


def test_damage_of_a_header_is_found_before_a_row_is_sealed(runs):
    run = memlab.track("a", runs=runs)
    run.log(loss=1.0)
    index = run.folder.path / "attempts/001/rows-001.idx"
    header = index.read_bytes()
    for place in (0, 20, len(header) - 1):
        damaged = bytearray(header)
        damaged[place] ^= 2
        index.write_bytes(bytes(damaged))
        assert not examine(RunFolder(run.folder.path)).healthy, place
        assert now(run).steps["step"].tolist() == []
    index.write_bytes(header)
    assert now(run).steps["loss"].tolist() == [1.0]
    run.close()
