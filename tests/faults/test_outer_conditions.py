"""Full disk, out of memory, extreme numbers."""

import errno

import numpy as np
import pytest
import torch

from memlab.errors import RunError
from memlab.preset.create import create_run
from memlab.record import files
from memlab.record.commands import Stop, send
from memlab.record.doctor import examine
from memlab.record.events import Finding
from memlab.record.folder import RunFolder
from memlab.record.history import History
from memlab.record.status import Status
from memlab.torture.small_run import final_state
from memlab.training import step as engine_step
from memlab.training.worker import DISK_FULL, work


def finish(folder, **options):
    return list(work(folder, device="cpu", **options))


@pytest.fixture
def run(tiny, tmp_path):
    return create_run(tiny(), tmp_path / "runs")


@pytest.fixture(scope="module")
def expected(tiny, tmp_path_factory):
    folder = create_run(tiny(), tmp_path_factory.mktemp("undisturbed"))
    finish(folder)
    return final_state(folder)


class FullDisk:
    """Writes fail from the n-th on; heartbeats, which are rewritten in place, still succeed."""

    def __init__(self, monkeypatch, n, code=errno.ENOSPC):
        self.writes_left, self.code = n, code
        monkeypatch.setattr(files.calls, "pwrite", self.pwrite, raising=False)

    def pwrite(self, fd, data, offset):
        self.writes_left -= 1
        if self.writes_left < 0 and b'"counter"' not in bytes(data[:20]):
            files.Calls.pwrite(fd, data[: len(data) // 2], offset)
            raise OSError(self.code, "No space left on device")
        return files.Calls.pwrite(fd, data, offset)


@pytest.mark.parametrize(("n", "code"), [(3, errno.ENOSPC), (20, errno.EDQUOT), (47, errno.EFBIG)])
def test_a_run_waits_for_disk_space_and_ends_with_the_same_bits(
    run, expected, monkeypatch, n, code
):
    disk = FullDisk(monkeypatch, n, code)
    statuses = []

    def sleep(seconds):
        statuses.append(RunFolder(run.path).status())
        disk.writes_left = 10**9 if len(statuses) == 3 else disk.writes_left

    monkeypatch.setattr("memlab.training.worker.time.sleep", sleep)
    findings = [e for e in finish(run) if isinstance(e, Finding) and e.what.startswith(DISK_FULL)]
    assert len(findings) == 1 and "training waits" in findings[0].what
    assert statuses[1:] == [Status.PAUSED] * 2
    assert expected.difference(final_state(run)) is None
    assert examine(run).healthy and run.status() is Status.FINISHED
    assert not any(f.what.startswith(DISK_FULL) for f in History(run).until().findings)


@pytest.mark.parametrize("by", ["signal", "stop"])
def test_a_run_that_waits_for_disk_space_can_be_ended_and_resumed(run, expected, monkeypatch, by):
    with monkeypatch.context() as patch:
        disk = FullDisk(patch, 50)

        def sleep(seconds):
            if by == "stop":
                disk.writes_left = 10**9
                send(run, Stop())
                disk.writes_left = -1

        patch.setattr("memlab.training.worker.time.sleep", sleep)
        with pytest.raises(RunError, match="disk is full") as caught:
            finish(run, interrupted=lambda: by == "signal" and disk.writes_left < 0)
    assert "checkpoints are kept" in caught.value.hint
    assert run.status() is Status.DIED
    finish(run)
    assert expected.difference(final_state(run)) is None and examine(run).healthy


def test_a_failed_fsync_ends_the_attempt_and_the_run_can_be_resumed(run, expected, monkeypatch):
    with monkeypatch.context() as patch:

        def fsync(fd):
            raise OSError(errno.ENOSPC, "No space left on device")

        events = work(run, device="cpu")
        next(events)
        patch.setattr(files.calls, "fsync", fsync, raising=False)
        with pytest.raises(OSError, match="No space"):
            list(events)
    finish(run)
    assert expected.difference(final_state(run)) is None


OUT_OF_MEMORY = [
    MemoryError(),
    torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2 GiB\nand so on"),
    RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory: you tried"),
]


@pytest.mark.parametrize("error", OUT_OF_MEMORY, ids=lambda error: type(error).__name__)
def test_out_of_memory_ends_the_run_with_this_reason_and_keeps_its_checkpoints(
    run, expected, monkeypatch, error
):
    real = engine_step.update

    def update(state, *rest):
        if state.step == 17:
            raise error
        return real(state, *rest)

    with monkeypatch.context() as patch:
        patch.setattr(engine_step, "update", update)
        with pytest.raises(RunError, match="out of memory on") as caught:
            finish(run)
    assert "\n" not in (caught.value.found or "")
    assert "checkpoints are kept" in caught.value.hint
    assert run.status() is Status.FAILED
    assert "out of memory" in run.attempts()[-1].end["summary"]["error"]
    assert run.checkpoints.steps()[-1] == 10 and examine(run).healthy
    finish(run)
    assert expected.difference(final_state(run)) is None


NUMBERS = [
    ("loss", float("nan"), "stop"),
    ("loss", float("-inf"), "stop"),
    ("loss", float("inf"), "continue"),
    ("loss", 1e38, "stop"),
    ("loss", 1e-42, "stop"),
    ("grad_norm", float("nan"), "stop"),
]


@pytest.mark.parametrize(("column", "value", "policy"), NUMBERS)
def test_extreme_numbers_are_recorded_exactly_and_stop_a_run_as_its_preset_states(
    tiny, tmp_path, monkeypatch, value, policy, column
):
    folder = create_run(tiny(**{"training.on_divergence": policy}), tmp_path)
    real = engine_step.update

    def update(state, *rest):
        loss, norm, *more = real(state, *rest)
        if state.step == 17:
            loss, norm = (
                (torch.tensor(value), norm) if column == "loss" else (loss, torch.tensor(value))
            )
        return loss, norm, *more

    monkeypatch.setattr(engine_step, "update", update)
    ended = finish(folder)[-1]
    stops = policy == "stop" and column == "loss" and not np.isfinite(value)
    assert (ended.reason, ended.step) == (("diverged", 17) if stops else ("finished", 30))
    now = History(folder).until()
    assert now.steps[column][16].tobytes() == np.float32(value).tobytes()
    bins = now.view(column, 1, 30, 1)
    assert bins.nonfinite[0] == (not np.isfinite(value))
    assert not np.isfinite(value) or bins.low[0] <= np.float32(value) <= bins.high[0]
    assert examine(folder).healthy
