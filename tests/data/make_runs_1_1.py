"""The program that created `run-1.1` and `imported-1.1`; never create them again.

They are the golden runs of format 1.1: tests/faults/test_golden_runs_1_1.py has their values.
`python tests/data/make_runs_1_1.py FOLDER` writes both into FOLDER.
"""

import math
import os
import subprocess
import sys
from pathlib import Path

import memlab
from memlab.formats import read_log
from memlab.formats.names import name_series
from memlab.formats.record_log import record_run
from memlab.record import process
from memlab.record.commands import Edit, send
from memlab.track import tracked_run

LOG = """\
step,reward,entropy,val_return
0,-1.5,,
100,0.1,,
250,nan,,0.25
260,inf,,
250,0.3,0.7,
300,1e300,0.1,0.5
"""


def machine() -> dict[str, str | None]:
    """A machine that does not exist, so that readers have only the heartbeats of its processes."""
    return {"host": "golden", "machine_id": "0" * 32, "boot_id": "golden", "pid_namespace": None}


def track(runs: Path) -> "tracked_run.TrackedRun":
    """Begin or resume the loop."""
    return memlab.track(
        "golden [bold]loop",
        config={"lr": 1e-3, "layers": [1, 2], "adam": {"betas": [0.9, 0.98]}},
        steps=40,
        editable=["lr"],
        resume=True,
        runs=runs,
    )


def first_attempt(runs: Path) -> None:
    """Die with rows that are not sealed yet, in two files of rows."""
    run = track(runs)
    run.log(loss=2.5, lr=1e-3)
    run.log(loss=0.1, lr=1e-3)
    run.log(loss=math.nan, lr=1e-3, step=5)
    run.log(loss=math.inf, step=6)
    run.evaluated(val_loss=2.25, val_accuracy=0.5)
    run.samples([{"prompt": "1+1=", "target": "2", "answer": "3"}])
    run.log(loss=1e300, lr=1e-3, step=9)
    run.checkpoint({"model.bin": b"weights at step 9"})
    run.log(loss=0.5, lr=1e-3, grad_norm=2.0, step=14)
    run.log(loss=0.25, lr=1e-3, grad_norm=4.0, step=15)
    run.log(loss=0.125, step=20)
    os._exit(1)


def second_attempt(runs: Path) -> None:
    """Resume at step 9: steps 14 and 15 have the same bits, step 20 has others."""
    with track(runs) as run:
        run.log(loss=0.5, lr=1e-3, grad_norm=2.0, step=14)
        run.log(loss=0.25, lr=1e-3, grad_norm=4.0, step=15)
        run.log(loss=0.2, step=20)
        send(run.folder, Edit({"lr": 5e-4}))
        list(run.commands())
        run.log(tokens=2**53, step=2**33)
        run.evaluated(val_loss=-0.0)


def imported(runs: Path) -> None:
    """Import a log without a loss; its steps decrease once."""
    Path("rewards.csv").write_text(LOG)
    log = read_log(Path("rewards.csv"))
    run = log.runs[0]
    record_run(run, log, name_series(run, []), runs, "rewards.csv")


def main(runs: Path) -> None:
    """Create both runs in `runs`."""
    process.machine = machine
    tracked_run.POLL_SECONDS = 0.0
    sys.argv[0] = "loop.py"
    if len(sys.argv) == 3:
        first_attempt(runs)
    os.chdir(runs)
    subprocess.run([sys.executable, Path(__file__).resolve(), ".", "first"], check=False)
    second_attempt(Path())
    (folder,) = Path().glob("*-*")
    folder.rename("run-1.1")
    imported(Path())
    (folder,) = Path().glob("2*-*")
    folder.rename("imported-1.1")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
