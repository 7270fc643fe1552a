"""Each call that changes the disk fails once, in each way, while a small NumPy trainer runs."""

import contextlib
import errno
import itertools
from pathlib import Path

import numpy as np
import pytest

from memlab.record import events, files
from memlab.record.folder import RunFolder
from memlab.record.history import History

from .faulty import Dead, Faulty
from .make_run import values

STEPS, EVERY = 12, 4


def train(folder: RunFolder) -> None:
    """A trainer whose weights are the sum of the steps; it resumes from the newest checkpoint."""
    total, step, seq = 0, 0, 0
    if folder.checkpoints.steps():
        stored = folder.checkpoints.load(need="weights")
        total, seq = map(int, stored.files["model.safetensors"].split())
        step = stored.step
    with folder.claim({}, seq=seq, first_step=step + 1) as writer:
        writer.write(events.Started(step=step, attempt=writer.number))
        while step < STEPS:
            step += 1
            total += step
            writer.write(events.Rows(step=step, values=values(step, step)))
            if step % EVERY == 0:
                writer.write(events.Evaluated(step=step, values={"val_loss": 1 / total}))
                writer.commit(step, {"model.safetensors": f"{total} {writer.seq}".encode()})
                folder.checkpoints.prune({step, step - EVERY})
        writer.end("finished", step, {"total": total})


def resume_until_done(folder: RunFolder) -> None:
    for _ in range(3):
        if folder.status() != "finished":
            train(RunFolder(folder.path))
            folder = RunFolder(folder.path)


def assert_same_as_without_fault(folder: RunFolder) -> None:
    history = History(folder)
    now = history.until()
    assert now.steps["step"].tolist() == list(range(1, STEPS + 1))
    assert np.array_equal(now.steps["loss"], values(1, STEPS)[:, 0])
    measured = [1 / sum(range(s + 1)) for s in range(EVERY, STEPS + 1, EVERY)]
    assert now.evaluations["val_loss"].tolist() == measured
    assert folder.attempts()[-1].end["summary"] == {"total": sum(range(STEPS + 1))}
    assert (history.resume_verified or {}).get("first_difference") is None
    assert folder.checkpoints.load(need="weights").step == STEPS


def assert_valid(folder: RunFolder) -> None:
    """What holds for the files of a run after any fault."""
    now = History(folder).until()
    steps = now.steps["step"]
    assert steps.tolist() == list(range(1, len(steps) + 1))
    assert np.array_equal(now.steps["loss"], values(1, len(steps))[:, 0] if len(steps) else [])
    committed = folder.checkpoints.steps()
    assert not committed or committed[-1] <= len(steps)
    assert not committed or folder.checkpoints.load(need="weights").step == committed[-1]


def run_with_fault(runs: Path, at: int, fault: str, monkeypatch) -> tuple[RunFolder | None, bool]:
    """A run with a fault at call `at`, and whether it reached that call."""
    calls = Faulty(at, fault)
    with monkeypatch.context() as patch:
        patch.setattr(files, "calls", calls)
        with contextlib.suppress(OSError, Dead):
            train(RunFolder.create(runs, {}, "", ""))
    made = [p for p in runs.iterdir() if not p.name.startswith(".")]
    return (RunFolder(made[0]) if made else None), calls.count >= at


@pytest.mark.parametrize(
    "fault",
    [
        "dies",
        "ENOSPC",
        *(pytest.param(one, marks=pytest.mark.slow) for one in ("EIO", "short", "EINTR")),
    ],
)
def test_a_run_with_a_fault_at_any_call_is_valid_and_resumes_to_the_same_bits(
    tmp_path, monkeypatch, fault
):
    for at in itertools.count(1):
        runs = tmp_path / str(at)
        runs.mkdir()
        folder, reached = run_with_fault(runs, at, fault, monkeypatch)
        if folder is not None:
            assert_valid(folder)
            resume_until_done(folder)
            assert_same_as_without_fault(RunFolder(folder.path))
        if not reached:
            break
    assert at > 50


def test_rows_written_to_a_full_disk_are_complete_once_there_is_space(folder, monkeypatch):
    full = [True]
    real = files.Calls.pwrite

    def pwrite(fd, data, offset):
        if full[0] and len(data) > 1:
            real(fd, data[: len(data) // 3], offset)
            raise OSError(errno.ENOSPC, "full")
        return real(fd, data, offset)

    with folder.claim({}, seq=0, first_step=1) as writer:
        monkeypatch.setattr(files.calls, "pwrite", pwrite, raising=False)
        writer.write(events.Rows(step=5, values=values(1, 5)))
        for _ in range(3):
            with pytest.raises(OSError, match="full"):
                writer.write(events.Change(step=5, what="a"))
        writer.beat(5)
        full[0] = False
        writer.write(events.Rows(step=9, values=values(6, 9)))
        writer.write(events.Change(step=9, what="b"))
        history = History(folder)
        now = history.until()
        assert now.steps["step"].tolist() == list(range(1, 10)) and history.damaged == 0
        assert [(event.seq, event.what) for event in now.events] == [(0, "b")]


def test_after_a_failed_sync_an_attempt_neither_syncs_nor_commits(folder, monkeypatch):
    with folder.claim({}, seq=0, first_step=1) as writer:
        with monkeypatch.context() as patch:

            def fail(fd):
                raise OSError(errno.EIO, "lost")

            patch.setattr(files.calls, "fsync", fail, raising=False)
            assert not writer.lost
            with pytest.raises(OSError, match="lost"):
                writer.sync()
            assert writer.lost
        for action in (writer.sync, lambda: writer.commit(1, {"model.safetensors": b""})):
            with pytest.raises(OSError, match="lost"):
                action()
        writer.end("failed", 0, {})
    assert folder.status() == "failed" and folder.checkpoints.steps() == []


def test_a_superseded_attempt_commits_nothing(folder):
    with folder.claim({}, seq=0, first_step=1) as old:
        folder.claim({}, seq=0, first_step=1, take_over=True).close()
        with pytest.raises(events.RunError, match="taken"):
            old.commit(0, {"model.safetensors": b""})
    assert folder.checkpoints.steps() == []
