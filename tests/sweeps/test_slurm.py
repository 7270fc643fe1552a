"""Members in Slurm jobs: submission, preemption and requeueing (also with a real Slurm)."""

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from memlab.cli.sweep_work import MemberTraining
from memlab.errors import MemlabError
from memlab.record.folder import RunFolder
from memlab.sweeps.progress import SweepProgress, counts
from memlab.sweeps.slurm import Slurm
from memlab.sweeps.sweep import Sweep
from memlab.sweeps.worker import Worker

submission = pytest.importorskip("submitit.core.submission")

JOB = 77
FAKE = {
    "sbatch": f"echo Submitted batch job {JOB}",
    "srun": "exit 0",
    "sacct": "exit 0",
    "scontrol": 'echo "$@" >> "$(dirname "$0")/scontrol.log"',
}
"""commands of Slurm, by name; `sbatch` accepts a job and starts nothing"""
SIGNALS = (signal.SIGTERM, signal.SIGCONT, signal.SIGUSR2)


@pytest.fixture
def commands(tmp_path, monkeypatch) -> Iterator[Path]:
    """The folder of the fake commands; restores the signal handlers that a job sets."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for name, script in FAKE.items():
        (folder / name).write_text(f"#!/bin/sh\n{script}\n")
        (folder / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")
    monkeypatch.delenv("SUBMITIT_EXECUTOR", raising=False)
    handlers = {number: signal.getsignal(number) for number in SIGNALS}
    yield folder
    for number, handler in handlers.items():
        signal.signal(number, handler)


def start_task(sweep: Sweep, index: int, monkeypatch) -> None:
    """Execute one task of the array in this process, as a node does."""
    variables = {
        "SUBMITIT_EXECUTOR": "slurm",
        "SLURM_JOB_ID": str(JOB),
        "SLURM_ARRAY_JOB_ID": str(JOB),
        "SLURM_ARRAY_TASK_ID": str(index),
    }
    with monkeypatch.context() as patch:
        for name, value in variables.items():
            patch.setenv(name, value)
        submission.process_job(sweep.path / "slurm")


def bits(sweep: Sweep) -> list[str]:
    """Hashes of the weights of all members; checks that each finished exactly once."""
    found = []
    for member in sweep.members:
        ends = [a.end for a in RunFolder(sweep.runs / member.run).attempts() if a.end]
        assert [end["reason"] for end in ends].count("finished") == 1
        found.append(ends[-1]["summary"]["weights_sha256"])
    return found


def test_an_array_is_submitted_with_the_options_and_its_tasks_share_the_members(
    make, commands, monkeypatch
):
    sweep, alone = make("lr=0.01,0.02"), make("lr=0.01,0.02")
    options = {"partition": "short", "time": "30", "memory": "2", "gpus": "1"}
    executor = Slurm(2, MemberTraining("cpu"), options)
    executor.start(sweep)
    script = sweep.path / "slurm" / f"{JOB}_submission.sh"
    submitted = {line for line in script.read_text().splitlines() if line.startswith("#SBATCH")}
    assert submitted >= {
        "#SBATCH --array=0-1%2",
        "#SBATCH --partition=short",
        "#SBATCH --time=30",
        "#SBATCH --mem=2GB",
        "#SBATCH --gpus-per-node=1",
        "#SBATCH --cpus-per-task=1",
        f"#SBATCH --job-name=memlab-{sweep.id}",
        "#SBATCH --signal=USR2@90",
    }
    assert executor.maintain() == 2
    for index in range(2):
        start_task(sweep, index, monkeypatch)
    assert executor.maintain() == 0
    Worker(alone, MemberTraining("cpu")()).run()
    assert bits(sweep) == bits(alone)


def warned(device: str):
    """A trainer that gets Slurm's warning signal at the first checkpoint of the first attempt."""
    trainer = MemberTraining(device)()

    def train(folder, **options):
        for event in trainer.train(folder, **options):
            yield event
            if event.kind == "checkpoint" and event.step == 10 and len(folder.attempts()) == 1:
                os.kill(os.getpid(), signal.SIGUSR2)

    return trainer._replace(train=train)


def test_a_preempted_task_saves_and_continues_after_requeueing(make, commands, monkeypatch):
    sweep, undisturbed = make("lr=0.01,0.02"), make("lr=0.01,0.02")
    executor = Slurm(2, partial(warned, "cpu"), {})
    executor.start(sweep)
    for n_finished in (0, 1):
        with pytest.raises(SystemExit):
            start_task(sweep, 0, monkeypatch)
        assert counts(SweepProgress(sweep).read())["finished"] == n_finished
    start_task(sweep, 0, monkeypatch)
    assert (commands / "scontrol.log").read_text().split() == ["requeue", f"{JOB}_0"] * 2
    assert counts(SweepProgress(sweep).read())["finished"] == 2
    assert executor.maintain() == 1  # the other task finds nothing to do
    start_task(sweep, 1, monkeypatch)
    assert executor.maintain() == 0
    Worker(undisturbed, MemberTraining("cpu")()).run()
    assert bits(sweep) == bits(undisturbed)


def test_all_tasks_save_and_exit_after_stop(make, commands, monkeypatch):
    sweep = make()
    executor = Slurm(2, MemberTraining("cpu"), {})
    executor.start(sweep)
    executor.stop()
    start_task(sweep, 0, monkeypatch)
    assert counts(SweepProgress(sweep).read())["queued"] == 1


@pytest.mark.parametrize(
    "options, what", [({"queue": "x"}, "unknown option"), ({"time": "1h"}, "must be an integer")]
)
def test_options_are_checked(options, what):
    with pytest.raises(MemlabError, match=what):
        Slurm(1, MemberTraining("cpu"), options)


def test_a_missing_slurm_is_reported(make, monkeypatch):
    monkeypatch.setenv("PATH", "")
    with pytest.raises(MemlabError, match="Slurm is not available"):
        Slurm(1, MemberTraining("cpu"), {}).start(make())


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_requeueing_by_a_real_slurm_changes_no_bit(make):
    if shutil.which("scontrol") is None or subprocess.run(["scontrol", "ping"]).returncode:
        pytest.skip("needs a running Slurm")
    overrides = ("lr=0.01,0.02", "steps=4000", "checkpoint_every=200", "evaluation.every=200")
    sweep, undisturbed = make(*overrides), make(*overrides)
    executor = Slurm(2, MemberTraining("cpu"), {"time": "30"})
    executor.start(sweep)
    requeued = False
    progress = SweepProgress(sweep)
    deadline = time.monotonic() + 600
    while counts(progress.read())["finished"] < 2 and time.monotonic() < deadline:
        training = [s for s in progress.read() if s.state == "running" and 200 < s.step < 3000]
        if training and not requeued:
            requeued = True
            job = executor._array[0].job_id
            subprocess.run(["scancel", "--signal=USR2", job], check=True)
        time.sleep(0.5)
    assert requeued
    Worker(undisturbed, MemberTraining("cpu")()).run()
    assert bits(sweep) == bits(undisturbed)
    assert sum(len(RunFolder(sweep.runs / m.run).attempts()) for m in sweep.members) > 2
