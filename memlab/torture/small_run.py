"""The small test run, trained in a child process, and its final state.

The calling process must not compute gradients itself: torch cannot compute gradients in a forked child of
a process that has done so.
"""

import multiprocessing
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing.context import ForkProcess
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from memlab.preset.create import create_run
from memlab.preset.load import from_json
from memlab.record.events import Event, Rows, to_json
from memlab.record.folder import RunFolder
from memlab.record.history import History
from memlab.record.run_rows import NEVER
from memlab.record.runs import iter_runs
from memlab.record.status import Status
from memlab.training.worker import work

PRESET: dict[str, Any] = {
    "name": "victim",
    "task": {"kind": "modular", "operation": "add", "modulus": 7, "train_fraction": 0.5},
    "model": {"n_layers": 1, "n_heads": 2, "d_model": 16, "init_std": 0.1},
    "optimizer": {"lr": 0.01, "weight_decay": 0.1},
    "training": {"steps": 150, "checkpoint_every": 50},
    "evaluation": {"every": 30, "samples": 1},
}
OF_AN_ATTEMPT = ("started", "paused", "resumed", "ended")
"""kinds of events that describe an attempt instead of the run"""

processes = multiprocessing.get_context("fork")


@dataclass(frozen=True)
class FinalState:
    """Everything that must not depend on how often a run was interrupted."""

    steps: NDArray[np.int64]
    rows: NDArray[np.float32]
    events: list[dict[str, Any]]
    files: dict[str, bytes]
    """weights and optimizer of the newest checkpoint"""

    def difference(self, other: "FinalState") -> str | None:
        """The first part that differs in a bit; None if all are equal."""
        if not np.array_equal(self.steps, other.steps):
            return "steps with rows"
        if self.rows.tobytes() != other.rows.tobytes():
            return "per-step rows"
        if self.events != other.events:
            return "events"
        return None if self.files == other.files else "weights or optimizer"


def final_state(folder: RunFolder) -> FinalState:
    """The final state of a run.

    Raises:
        RunError: it has no usable checkpoint.
    """
    snapshot = History(folder).until()
    steps, rows = snapshot.steps.read(0, NEVER)
    stored = folder.checkpoints.load(need="resume").files
    names = ("model.safetensors", "optimizer.safetensors")
    events = [_timeless(e) for e in snapshot.events if e.kind not in OF_AN_ATTEMPT]
    return FinalState(steps, rows, events, {name: stored[name] for name in names})


def _timeless(event: Event) -> dict[str, Any]:
    return {key: value for key, value in to_json(event).items() if key not in ("wall", "seq")}


def train(
    runs: Path,
    on_event: Callable[[Event], None] = lambda event: None,
    preset: dict[str, Any] = PRESET,
) -> None:
    """Train the only run in `runs` to its end; create it if there is none."""
    torch.set_num_threads(1)
    folder = only_run(runs) or create_run(from_json(preset), runs)
    if folder.status() is not Status.FINISHED:
        for event in work(folder, device="cpu"):
            on_event(event)


def only_run(runs: Path) -> RunFolder | None:
    """The only run in `runs`, if it exists."""
    return next(iter_runs(runs), None)


def child(target: Callable[..., None], *arguments: Any) -> ForkProcess:
    """Start a child process."""
    process = processes.Process(target=target, args=arguments)
    process.start()
    return process


def undisturbed(runs: Path) -> FinalState:
    """The final state of the run without interruption."""
    process = child(train, runs)
    process.join()
    folder = only_run(runs)
    assert process.exitcode == 0 and folder, "the undisturbed run failed"
    return final_state(folder)


def progress(event: Event, reached: Any) -> None:
    """Store the last recorded step in shared memory."""
    if isinstance(event, Rows):
        reached.value = event.step
