"""A forked child inherits the file descriptors of an attempt, but not the attempt itself."""

import os
import subprocess
import sys

import numpy as np
import pytest

from memlab.errors import BusyError
from memlab.record import events
from memlab.record.doctor import examine
from memlab.record.folder import RunFolder
from memlab.record.history import History

from .make_run import values, write_rows

PARENT = """
import os, signal, sys
from pathlib import Path
import numpy as np
from memlab.errors import RunError
from memlab.record import events
from memlab.record.folder import RunFolder

def write(first, last):
    rows = np.frombuffer(sys.stdin.buffer.read((last - first + 1) * 20), "<f4").reshape(-1, 5)
    writer.write(events.Rows(step=last, values=rows))
    writer.write(events.Change(step=last, what="written"))

writer = RunFolder(Path(sys.argv[1])).claim({}, seq=0, first_step=1)
write(1, 10)
if os.fork() > 0:
    signal.pause()
print("the run of the parent is", RunFolder(Path(sys.argv[1])).status(), flush=True)
write(11, 20)
writer.beat(20)
try:
    writer.commit(20, {"model.safetensors": b"the child's"})
    print("committed", flush=True)
except RunError as error:
    print(error.what, flush=True)
os._exit(0)
"""


@pytest.fixture
def parent(folder):
    """A process that claims the run, writes ten rows, and forks; its child writes the others."""
    with subprocess.Popen(
        [sys.executable, "-c", PARENT, folder.path], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        send_rows(process, values(1, 10))
        assert process.stdout.readline() == b"the run of the parent is running\n"
        yield process
        process.kill()


def send_rows(process, rows):
    process.stdin.write(rows.tobytes())
    process.stdin.flush()


def test_a_dead_attempt_with_a_running_child_process_is_taken_over(folder, parent):
    with pytest.raises(BusyError):
        folder.claim({}, seq=0, first_step=1)
    parent.kill()
    os.waitid(os.P_PID, parent.pid, os.WEXITED | os.WNOWAIT)
    assert folder.status() == "died"
    with folder.claim({}, seq=1, first_step=6) as writer:
        write_rows(writer, 6, 8)
        writer.flush()
        send_rows(parent, values(11, 20) + 99)
        assert b"taken" in parent.stdout.readline()
        writer.write(events.Change(step=8, what="resumed"))
        writer.commit(8, {"model.safetensors": b"mine"})
        writer.end("finished", 8, {})
    now = History(folder).until()
    assert now.steps["step"].tolist() == list(range(1, 9))
    assert np.array_equal(now.steps["loss"], values(1, 8)[:, 0])
    assert [event.what for event in now.events] == ["written", "resumed"]
    assert folder.checkpoints.load(need="weights").files == {"model.safetensors": b"mine"}
    assert RunFolder(folder.path).status() == "finished" and examine(folder).healthy
