"""A tracked run of two killed attempts: format 1.1 with unsealed rows."""

import os
from pathlib import Path

from memlab.record.folder import RunFolder
from memlab.torture.small_run import child, only_run
from memlab.track.start import Loop, start

STEPS, CHECKPOINT_AT, DIES_AT = 150, 50, 90


def make_tracked_run(runs: Path) -> RunFolder:
    """Create the run. Both attempts record the same values at common steps."""
    for last_step in (DIES_AT, STEPS):
        process = child(_loop, runs, last_step)
        process.join()
        assert process.exitcode == 0
    folder = only_run(runs)
    assert folder is not None
    return folder


def _loop(runs: Path, last_step: int) -> None:
    """Record a row every third step, with columns that appear late and have gaps."""
    loop = Loop("victim", {"lr": 0.1}, STEPS, editable=(), resume=True, at=None)
    run = start(loop, runs)
    for step in range(run.step + 3, last_step + 1, 3):
        late = {"grad_norm": 1.0 / step} if step > 60 else {}
        rare = {"tokens": 2.0**step} if step > 60 and step % 10 == 0 else {}
        run.log(loss=step / 7, lr=0.1, step=step, **late, **rare)
        if step % 30 == 0:
            run.evaluated(val_loss=step / 3)
        if step == CHECKPOINT_AT - CHECKPOINT_AT % 3:
            run.checkpoint({"model.safetensors": b"weights"})
    os._exit(0)  # like a kill: nothing is closed, and the last rows have no seal
