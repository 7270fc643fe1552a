"""Every call that changes the disk fails once, in every way, while the real trainer runs."""

import contextlib
import itertools

import pytest

from memlab.errors import RunError
from memlab.preset.create import create_run
from memlab.record import files
from memlab.record.doctor import examine
from memlab.record.history import History
from memlab.record.runs import delete, list_runs, restore
from memlab.record.status import Status
from memlab.torture.small_run import final_state
from memlab.training.worker import work

from ..record.faulty import Dead, Faulty

FAULTS = ("dies", "short", "ENOSPC", "EIO", "EINTR")


@pytest.fixture
def preset(tiny):
    # The best weights are from a step between two checkpoints, so that they are saved separately.
    return tiny(**{"training.steps": 6, "training.checkpoint_every": 4, "evaluation.every": 3})


@pytest.fixture
def expected(preset, tmp_path):
    folder = create_run(preset, tmp_path / "undisturbed")
    for _ in work(folder, device="cpu"):
        pass
    return final_state(folder)


def disturb(preset, runs, at, fault, monkeypatch):
    """Create, train and delete a run whose call number `at` fails; the number of calls made."""
    calls = Faulty(at, fault)
    with monkeypatch.context() as patch:
        patch.setattr(files, "calls", calls)
        # Only one call fails, so that waiting for disk space can end at once.
        patch.setattr("time.sleep", lambda seconds: None)
        with contextlib.suppress(OSError, Dead, RunError):
            folder = create_run(preset, runs)
            for _ in work(folder, device="cpu"):
                pass
            delete(folder)
            restore(runs, folder.path.name)
    return calls.count


def recover(runs, preset):
    """As a user does: restore the run, start it or resume it."""
    for name in [path.name for path in runs.glob(".trash/*")]:
        restore(runs, name)
    folder = next(iter(list_runs(runs)), None) or create_run(preset, runs)
    for _ in range(2):
        if folder.status() is not Status.FINISHED:
            for _ in work(folder, device="cpu"):
                pass
    return folder


def check(preset, expected, runs, at, fault, monkeypatch):
    runs.mkdir()
    count = disturb(preset, runs, at, fault, monkeypatch)
    for folder in list_runs(runs):
        assert examine(folder).healthy, (at, fault, examine(folder))
        steps, rows = History(folder).until().steps.read(0, 100)
        assert rows.tobytes() == expected.rows[: len(steps)].tobytes()
    folder = recover(runs, preset)
    assert expected.difference(final_state(folder)) is None, (at, fault)
    assert (History(folder).resume_verified or {}).get("first_difference") is None
    assert examine(folder).healthy
    return count >= at


def test_a_fault_at_some_calls_changes_no_bit_of_the_result(
    preset, expected, tmp_path, monkeypatch
):
    for at, fault in zip(range(9, 130, 17), itertools.cycle(FAULTS), strict=False):
        assert check(preset, expected, tmp_path / f"{at}", at, fault, monkeypatch), at


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_at_any_call_changes_no_bit_of_the_result(
    preset, expected, tmp_path, monkeypatch, fault, record_figure
):
    for at in itertools.count(1):
        if not check(preset, expected, tmp_path / f"{at}", at, fault, monkeypatch):
            break
    assert at > 100
    record_figure("calls that failed", at - 1)
