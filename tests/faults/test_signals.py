"""Signals, a closed terminal and a reader that leaves: a clean end, or a valid folder."""

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


def the_run(program):
    (folder,) = list_runs(program.folder / "runs")
    return folder


def end_at(program, folder):
    """Let an endless run go on to ten steps past where it is, and end."""
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
    folder = the_run(memlab)
    assert folder.status() is Status.INTERRUPTED
    assert folder.checkpoints.steps()[-1] == folder.attempts()[-1].end["step"]
    end_at(memlab, folder)


def test_the_second_interrupt_leaves_at_once_and_what_lies_there_is_valid(memlab):
    process = memlab.start("run", "tiny", ENDLESS, "--json")
    process.until("checkpoint")
    # A stopped process takes both signals when it goes on, before it can obey the first.
    process.send(signal.SIGSTOP)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGCONT):
        process.send(number)
    process.send(signal.SIGINT)
    assert process.wait() == 130
    folder = the_run(memlab)
    assert folder.status() in (Status.DIED, Status.INTERRUPTED)
    assert examine(folder).healthy
    end_at(memlab, folder)


def test_a_suspended_process_is_alive_and_continues(memlab):
    process = memlab.start("run", "tiny", ENDLESS, "--json")
    process.until("checkpoint")
    process.send(signal.SIGSTOP)
    folder = the_run(memlab)
    assert folder.status() is Status.RUNNING
    assert memlab("resume", "last", "--json") == 2
    process.send(signal.SIGCONT)
    process.until("checkpoint")
    process.send(signal.SIGTERM)
    assert process.wait() == 130 and examine(folder).healthy


def test_a_suspended_process_that_was_taken_over_ends_as_superseded(memlab):
    process = memlab.start("run", "tiny", ENDLESS, "--json")
    process.until("checkpoint")
    process.send(signal.SIGSTOP)
    second = memlab.start("resume", "last", "--take-over", "--json")
    second.until("checkpoint")
    process.send(signal.SIGCONT)
    process.wait()
    second.send(signal.SIGTERM)
    assert second.wait() == 130
    folder = the_run(memlab)
    assert [a.end["reason"] for a in folder.attempts()] == ["superseded", "interrupted"]
    assert examine(folder).healthy and History(folder).resume_verified["first_difference"] is None


def test_a_reader_that_leaves_ends_the_run_cleanly(memlab):
    process = memlab.start("run", "tiny", ENDLESS, "--json")
    process.until("evaluated")
    process.out.close()
    assert process.wait() == 130
    assert the_run(memlab).status() is Status.INTERRUPTED


def test_a_closed_terminal_ends_the_run_cleanly(memlab):
    process = memlab.start("run", "tiny", ENDLESS, terminal=True)
    shown = b""
    while b"loss" not in shown:
        shown += os.read(process.screen, 4096)
    os.close(process.screen)
    assert process.wait() == 130
    folder = the_run(memlab)
    assert folder.status() is Status.INTERRUPTED and examine(folder).healthy


def test_a_run_without_a_reader_of_its_output_ends_cleanly(memlab):
    """The terminal is gone and no HUP came: `nohup`, then a closed window."""
    attention_pattern, writing = os.pipe()
    process = memlab.start("run", "tiny", ENDLESS, talk=writing)
    os.close(writing)
    assert os.read(attention_pattern, 4096)
    os.close(attention_pattern)
    assert process.wait() == 130
    assert the_run(memlab).status() is Status.INTERRUPTED


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGKILL])
def test_a_signal_at_any_event_costs_no_bit(memlab, number):
    assert memlab("run", "tiny", "--json") == 0
    truth = the_run(memlab)
    expected = final_state(truth)
    truth.path.rename(memlab.folder / "truth")
    for n in range(1, 40, 2):
        process = memlab.start("run", "tiny", "--json")
        for _ in range(n):
            if not json.loads(process.out.readline() or "{}"):
                break
        with suppress(ProcessLookupError):  # it may be over by now
            process.send(number)
        process.wait()
        assert memlab("resume", "last", "--json") == 0
        folder = list_runs(memlab.folder / "runs")[0]
        found = final_state(folder)
        assert expected.rows.tobytes() == found.rows.tobytes() and expected.files == found.files
        assert examine(folder).healthy
