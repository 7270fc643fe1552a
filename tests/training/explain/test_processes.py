"""Trials in worker processes: results have the same bits, and no process remains."""

import multiprocessing
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from memlab.errors import RunError
from memlab.record.child_process import memlab_environment
from memlab.record.folder import RunFolder
from memlab.training.explain.explain import explain_spike
from memlab.training.explain.processes import Workers

from .conftest import SPIKE

STARTS_ENDLESS_TASKS = """
import signal, sys
from pathlib import Path
from memlab.record.folder import RunFolder
from memlab.training.explain.processes import Workers

sys.path.insert(0, sys.argv[2])
from endless_task import endless

# A shell starts commands in the background with SIGINT ignored.
signal.signal(signal.SIGINT, signal.default_int_handler)
with Workers(RunFolder(Path(sys.argv[1])), 15, "cpu", 2) as workers:
    workers.begin({"one": endless, "two": endless}, None, None, lambda line: None)
    list(workers.results())
"""


@pytest.mark.slow
def test_an_explanation_by_several_processes_has_the_same_bits(folder, explained):
    _, document, expected_lines = explained
    lines = []
    assert explain_spike(folder, SPIKE, "cpu", lines.append, jobs=2) == document
    assert lines == expected_lines
    assert not multiprocessing.active_children()


def test_a_worker_that_dies_is_reported(folder):
    with Workers(folder, 15, "cpu", 1) as workers:
        (worker,) = multiprocessing.active_children()
        worker.kill()
        with pytest.raises(RunError, match=r"has died\n  found: SIGKILL\n  hint: .*--jobs 1"):
            workers.begin({"task": print}, None, None, lambda line: None)
            list(workers.results())
    assert not multiprocessing.active_children()


@pytest.mark.slow
def test_the_error_of_a_worker_is_raised_in_the_parent(tmp_path):
    with (
        Workers(RunFolder(tmp_path / "missing"), 15, "cpu", 1) as workers,
        pytest.raises(RunError, match="no readable preset"),
    ):
        workers.begin({"task": print}, None, None, lambda line: None)
        list(workers.results())


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_no_worker_outlives_the_process_that_started_it(folder, number):
    here = str(Path(__file__).parent)
    command = [sys.executable, "-c", STARTS_ENDLESS_TASKS, str(folder.path), here]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=memlab_environment()
    ) as process:
        assert process.stdout.read(2) == b".."  # both workers are in a task
        process.send_signal(number)
        assert process.stdout.read() == b""  # end of file: no process has the pipe open
    assert process.returncode in (-number, 130)
