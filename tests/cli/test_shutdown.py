"""After a signal, or if its terminal is closed, the console saves its run and exits."""

import os
import signal
import subprocess
import sys

import pytest

STAND_IN = """
import sys, threading
from memlab.cli.shutdown import Shutdown

shutdown = Shutdown()

def train():
    with shutdown.busy:
        print("training", flush=True)
        shutdown.requested.wait()
        open(sys.argv[1], "w").write("saved")

shutdown.watch(lambda: None)
threading.Thread(target=train).start()
threading.Event().wait()  # an interface that hangs in a write
"""


@pytest.mark.parametrize(
    "cause", ["hangup", signal.SIGTERM, pytest.param(signal.SIGHUP, marks=pytest.mark.slow)]
)
def test_training_is_saved_and_the_process_exits_even_if_the_interface_hangs(tmp_path, cause):
    terminal, program_side = os.openpty()
    process = subprocess.Popen(
        [sys.executable, "-c", STAND_IN, str(tmp_path / "end")],
        stdin=program_side,
        stdout=subprocess.PIPE,
        text=True,
    )
    os.close(program_side)
    assert process.stdout.readline() == "training\n"
    if cause == "hangup":
        os.close(terminal)
    else:
        process.send_signal(cause)
    process.communicate()
    assert process.returncode == 130
    assert (tmp_path / "end").read_text() == "saved"
    if cause != "hangup":
        os.close(terminal)
