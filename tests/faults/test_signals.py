"""After a signal, a closed terminal or pipe, the run ends cleanly or leaves a valid folder."""

import json
import os
import signal
from contextlib import suppress

import pytest

from memlab.record.doctor import examine
from memlab.record.history import History
from memlab.record.runs import list_runs
from memlab.record.status import Status
from memlab.torture.small_run import final_state

from ..cli.conftest import TINY

ENDLESS = "training.steps=100000000"


@pytest.fixture
def memlab(program, tmp_path):
    (tmp_path / "presets").mkdir()
    (tmp_path / "presets" / "tiny.yaml").write_text(TINY)
    program.folder = tmp_path
    return program


def only_run(program):
    (folder,) = list_runs(program.folder / "runs")
    return folder


def finish_ten_steps_later(program, folder):
    """Resume an endless run for ten more steps, to its end."""
    steps = folder.checkpoints.steps()[-1] + 10
    assert program("resume", "last", f"training.steps={steps}", "--json") == 0
    assert examine(folder).healthy
    verified = History(folder).resume_verified
    assert verified["first_difference"] is None


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_the_run_with_a_checkpoint(memlab, number):
    process = memlab.start("run", "tiny", ENDLESS, "--json")
    process.until("evaluated")
    process.send(number)
    assert process.wait() == 130
    folder = only_run(memlab)
    assert folder.status() is Status.INTERRUPTED
    assert folder.checkpoints.steps()[-1] == folder.attempts()[-1].end["step"]
    finish_ten_steps_later(memlab, folder)


def test_a_second_interrupt_ends_at_once_and_leaves_a_valid_folder(memlab):
    process = memlab.start("run", "tiny", ENDLESS, "--json")
    process.until("checkpoint")
    # A stopped process receives both signals when it continues, before it can act on the first.
    process.send(signal.SIGSTOP)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGCONT):
        process.send(number)
    process.send(signal.SIGINT)
    assert process.wait() == 130
    folder = only_run(memlab)
    assert folder.status() in (Status.DIED, Status.INTERRUPTED)
    assert examine(folder).healthy
    finish_ten_steps_later(memlab, folder)


def test_a_suspended_process_is_alive_and_continues(memlab):
    process = memlab.start("run", "tiny", ENDLESS, "--json")
    process.until("checkpoint")
    process.send(signal.SIGSTOP)
    folder = only_run(memlab)
    assert folder.status() is Status.RUNNING
    assert memlab("resume", "last", "--json") == 2
    process.send(signal.SIGCONT)
    process.until("checkpoint")
    process.send(signal.SIGTERM)
    assert process.wait() == 130 and examine(folder).healthy


def test_a_suspended_process_whose_run_was_taken_over_ends_as_superseded(memlab):
    process = memlab.start("run", "tiny", ENDLESS, "--json")
    process.until("checkpoint")
    process.send(signal.SIGSTOP)
    second = memlab.start("resume", "last", "--take-over", "--json")
    second.until("checkpoint")
    process.send(signal.SIGCONT)
    process.wait()
    second.send(signal.SIGTERM)
    assert second.wait() == 130
    folder = only_run(memlab)
    assert [a.end["reason"] for a in folder.attempts()] == ["superseded", "interrupted"]
    assert examine(folder).healthy and History(folder).resume_verified["first_difference"] is None


def test_a_closed_output_pipe_ends_the_run_cleanly(memlab):
    process = memlab.start("run", "tiny", ENDLESS, "--json")
    process.until("evaluated")
    process.out.close()
    assert process.wait() == 130
    assert only_run(memlab).status() is Status.INTERRUPTED


def test_a_closed_terminal_ends_the_run_cleanly(memlab):
    process = memlab.start("run", "tiny", ENDLESS, terminal=True)
    printed = b""
    while b"loss" not in printed:
        printed += os.read(process.screen, 4096)
    os.close(process.screen)
    assert process.wait() == 130
    folder = only_run(memlab)
    assert folder.status() is Status.INTERRUPTED and examine(folder).healthy


def test_a_closed_stderr_pipe_ends_the_run_cleanly(memlab):
    """As after `nohup` and a closed window: the terminal is closed and no SIGHUP is sent."""
    read_end, write_end = os.pipe()
    process = memlab.start("run", "tiny", ENDLESS, stderr=write_end)
    os.close(write_end)
    assert os.read(read_end, 4096)
    os.close(read_end)
    assert process.wait() == 130
    assert only_run(memlab).status() is Status.INTERRUPTED


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGKILL])
def test_a_signal_at_any_event_changes_no_bit_of_the_result(memlab, number):
    assert memlab("run", "tiny", "--json") == 0
    undisturbed = only_run(memlab)
    expected = final_state(undisturbed)
    undisturbed.path.rename(memlab.folder / "undisturbed")
    for n in range(1, 40, 2):
        process = memlab.start("run", "tiny", "--json")
        for _ in range(n):
            if not json.loads(process.out.readline() or "{}"):
                break
        with suppress(ProcessLookupError):  # the process may have ended
            process.send(number)
        process.wait()
        assert memlab("resume", "last", "--json") == 0
        folder = list_runs(memlab.folder / "runs")[0]
        found = final_state(folder)
        assert expected.rows.tobytes() == found.rows.tobytes() and expected.files == found.files
        assert examine(folder).healthy
