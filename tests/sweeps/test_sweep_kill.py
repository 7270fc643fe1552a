"""kill -9 of workers and driver: every member finishes exactly once, with the same bits."""

import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest

from memlab.cli.sweep_work import MemberTraining
from memlab.record.attempt import Attempt
from memlab.record.folder import RunFolder
from memlab.record.runs import list_runs
from memlab.sweeps.progress import SweepProgress, counts
from memlab.sweeps.sweep import Sweep, find_sweep
from memlab.sweeps.worker import Worker

KILLED_AT_STEP = """\
import os, signal, sys
from pathlib import Path
from memlab.sweeps.sweep import Sweep
from memlab.sweeps.worker import Trainer, Worker
from memlab.training.worker import work

def train(folder, **options):
    for event in work(folder, **options):
        yield event
        if event.kind == "checkpoint" and event.step >= 10 and folder.id == sys.argv[2]:
            os.kill(os.getpid(), signal.SIGKILL)

Worker(Sweep.open(Path(sys.argv[1])), Trainer(train, None)).run()
"""


def ends(sweep: Sweep) -> list[dict]:
    """end.json of every member; checks that each has exactly one finished attempt."""
    found = []
    for member in sweep.members:
        attempts = RunFolder(sweep.runs / member.run).attempts()
        finished = [a.end for a in attempts if a.end and a.end["reason"] == "finished"]
        assert len(finished) == 1, member.run
        assert attempts[-1].end == finished[0]
        found.append(finished[0])
    return found


def bits(sweep: Sweep) -> list[str]:
    return [end["summary"]["weights_sha256"] for end in ends(sweep)]


def test_another_worker_finishes_the_members_of_a_killed_worker(make):
    sweep, undisturbed = make(seeds=2), make(seeds=2)
    victim = sweep.members[1].run
    command = [sys.executable, "-c", KILLED_AT_STEP, str(sweep.path), victim]
    assert subprocess.run(command, check=False).returncode == -signal.SIGKILL
    assert len(RunFolder(sweep.runs / victim).attempts()) == 1
    Worker(sweep, MemberTraining("cpu")()).run()
    Worker(undisturbed, MemberTraining("cpu")()).run()
    assert bits(sweep) == bits(undisturbed)
    assert len(RunFolder(sweep.runs / victim).attempts()) == 2


def memlab(*arguments: str, runs: Path) -> subprocess.Popen:
    return subprocess.Popen(
        [sys.executable, "-m", "memlab", "sweep", *arguments, "--quiet", "--runs", str(runs)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )


def live_attempts(sweep: Sweep) -> list[Attempt]:
    """Attempts whose process is alive on this machine."""
    attempts = [RunFolder(sweep.runs / m.run).attempts() for m in sweep.members]
    return [own[-1] for own in attempts if own and own[-1].alive()]


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("seed", range(2))
def test_random_kills_of_workers_and_driver_change_no_bit(make, base, tmp_path, seed):
    settings = ("lr=0.01,0.02", "steps=1000", "checkpoint_every=50", "evaluation.every=100")
    undisturbed, runs = make(*settings, seeds=2), tmp_path / "killed"
    Worker(undisturbed, MemberTraining("cpu")()).run()
    rng = random.Random(seed)
    driver = memlab("run", str(base), *settings, "--seeds", "2", "--jobs", "2", runs=runs)
    while not list(runs.glob("sweeps/2*/sweep.json")):
        time.sleep(0.05)
    sweep = find_sweep(runs, "last")
    deaths: Counter[Path] = Counter()
    while driver.poll() is None and deaths.total() < 5:
        time.sleep(rng.uniform(0.1, 0.5))
        for attempt in live_attempts(sweep):
            run = attempt.path.parent.parent
            if deaths[run] < 2 and rng.random() < 0.5:  # the third death would fail it
                deaths[run] += 1
                os.kill(attempt.info["pid"], signal.SIGKILL)
        if deaths and rng.random() < 0.2:
            driver.kill()
    driver.wait()
    while counts(SweepProgress(sweep).read())["running"]:
        time.sleep(0.2)
    assert memlab("resume", sweep.id, "--jobs", "2", runs=runs).wait() == 0
    assert deaths
    assert bits(sweep) == bits(undisturbed)
    assert len(list_runs(runs)) == 4
