"""kill -9 at any moment loses no row for which `log` has returned."""

import random
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from memlab.record.doctor import examine
from memlab.record.history import History
from memlab.record.runs import find

PROGRAM = Path(__file__).with_name("program.py")


def kill_after(runs: Path, lines: int) -> int:
    """Kill the loop after it has printed some lines; return the last step that it printed."""
    command = [sys.executable, str(PROGRAM), str(runs)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as loop:
        assert loop.stdout is not None
        for _ in range(lines + 1):
            loop.stdout.readline()
        loop.send_signal(signal.SIGKILL)
        rest = loop.stdout.read().split("\n")
    # The last line may be incomplete.
    return max((int(line) for line in rest[:-1]), default=0)


def check(runs: Path, logged: int) -> None:
    folder = find(runs, "last")
    history = History(folder)
    steps = history.until().steps["step"].tolist()
    assert steps == list(range(1, len(steps) + 1)) and len(steps) >= logged
    losses = history.until().steps["loss"].tolist() if steps else []
    assert losses == [1.0 / step for step in steps]
    assert (history.resume_verified or {}).get("first_difference") is None
    assert examine(folder).healthy
    committed = folder.checkpoints.steps()
    assert not committed or int(folder.checkpoints.load(need="any").files["state"]) <= len(steps)


@pytest.mark.parametrize("lines", [0, 1, 170])
def test_a_killed_loop_has_every_logged_row_and_resumes(tmp_path, lines):
    for _ in range(2):
        check(tmp_path, kill_after(tmp_path, lines))


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("seed", range(4))
def test_two_hundred_kills_at_random(tmp_path, seed):
    rng = random.Random(seed)
    for _ in range(50):
        check(tmp_path, kill_after(tmp_path, int(2 ** rng.uniform(0, 11))))
