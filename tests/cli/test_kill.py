"""Repeated kill -9 at any time: the run ends with the same bits as without kills."""

import json
import random
import signal
from contextlib import suppress
from pathlib import Path

import pytest

from memlab.record.events import to_json
from memlab.record.history import History
from memlab.record.runs import list_runs
from memlab.record.status import Status

KINDS_PER_ATTEMPT = ("started", "paused", "resumed", "ended")


def outcome(folder):
    now = History(folder).until()
    events = [
        {key: value for key, value in to_json(event).items() if key not in ("wall", "seq")}
        for event in now.events
        if event.kind not in KINDS_PER_ATTEMPT
    ]
    steps, rows = now.steps.read(0, 10**9)
    checkpoint = folder.checkpoints.load(need="resume").files
    return steps.tobytes(), rows.tobytes(), events, checkpoint["model.safetensors"]


def kill_after_lines(process, n):
    """Kill the program after it has printed `n` events; false if it ended before."""
    for _ in range(n):
        if not process.out.readline():
            break
    with suppress(ProcessLookupError):  # it may have ended by now
        process.send(signal.SIGKILL)
    return process.wait() != 0


def kill_repeatedly(memlab, start, kills, seed):
    rng = random.Random(seed)
    killed = kill_after_lines(start("run", "tiny", "--json"), rng.randrange(1, 12))
    (folder,) = list_runs(memlab.runs)
    total = int(killed)
    while folder.status() is not Status.FINISHED:
        if total < kills:
            total += kill_after_lines(start("resume", "last", "--json"), rng.randrange(1, 8))
        else:
            memlab("resume", "last", "--quiet")
    return folder, total


@pytest.fixture
def undisturbed(memlab):
    memlab("run", "tiny", "--quiet")
    (folder,) = list_runs(memlab.runs)
    moved = memlab.folder / "undisturbed"
    Path(folder.path).rename(moved)
    return type(folder)(moved)


def test_three_kills_change_no_bit(memlab, start, undisturbed):
    folder, kills = kill_repeatedly(memlab, start, 3, seed=1)
    assert kills == 3
    assert outcome(folder) == outcome(undisturbed)
    verified = json.loads(memlab("show", "last", "--json"))["resume_verified"]
    assert verified["first_difference"] is None


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("seed", range(4))
def test_five_random_kills_change_no_bit(memlab, start, undisturbed, seed):
    folder, _ = kill_repeatedly(memlab, start, 5, seed)
    assert outcome(folder) == outcome(undisturbed)


def test_an_edit_and_a_kill_after_it_change_no_bit(memlab, start):
    outcomes = []
    for kill in (False, True):
        memlab("run", "tiny", "training.steps=20", "--quiet")
        words = ("resume", "last", "training.steps=60", "lr=1e-3")
        if kill:
            kill_after_lines(start(*words, "--json"), 4)
            memlab("resume", "last", "--quiet")
        else:
            memlab(*words, "--quiet")
        outcomes.append(outcome(list_runs(memlab.runs)[0]))
    assert outcomes[0] == outcomes[1]
