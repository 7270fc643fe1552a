"""Cost of recording rows, events and checkpoints: trains a preset with and without a run folder.

    python benchmarks/recording.py [PRESET] [KEY=VALUE ...]

Both are timed alternately in one process, and the time in calls of the run store is summed.
"""

import sys
import tempfile
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Any

from memlab.preset.create import create_run
from memlab.preset.load import load
from memlab.preset.schema import Preset
from memlab.record.attempt_writer import AttemptWriter
from memlab.record.commands import Inbox
from memlab.training.device import choose_device, make_deterministic
from memlab.training.run_data import RunData
from memlab.training.state import fresh_state
from memlab.training.train import train
from memlab.training.worker import work

ROUNDS = 3
STORE = [(AttemptWriter, name) for name in ("write", "commit", "beat", "superseded")]


def without(preset: Preset) -> float:
    """Seconds of training without recording, without the creation of data and model."""
    run_data = RunData(preset, choose_device("auto"))
    state = fresh_state(run_data)
    started = time.perf_counter()
    for _ in train(state, run_data, deque()):
        pass
    return time.perf_counter() - started


def within(preset: Preset) -> tuple[float, float]:
    """Seconds of training with a run folder, and the part of them in the run store."""
    with tempfile.TemporaryDirectory() as folder, _stopwatch() as spent:
        events = work(create_run(preset, Path(folder)))
        next(events)
        started, before = time.perf_counter(), spent[0]
        for _ in events:
            pass
        return time.perf_counter() - started, spent[0] - before


@contextmanager
def _stopwatch() -> Iterator[list[float]]:
    """Sum the seconds in calls of the run store."""
    spent = [0.0]

    def timed(call: Callable[..., Any]) -> Callable[..., Any]:
        def wrapped(*values: Any, **named: Any) -> Any:
            started = time.perf_counter()
            try:
                return call(*values, **named)
            finally:
                spent[0] += time.perf_counter() - started

        return wrapped

    calls = {(cls, name): getattr(cls, name) for cls, name in [*STORE, (Inbox, "poll")]}
    for (cls, name), call in calls.items():
        setattr(cls, name, timed(call))
    try:
        yield spent
    finally:
        for (cls, name), call in calls.items():
            setattr(cls, name, call)


def main() -> None:
    """Print both times, their ratio, and the fraction of time in the run store."""
    name, *overrides = sys.argv[1:] or ["quickstart", "training.steps=300"]
    preset = load(name, overrides)
    make_deterministic()
    unrecorded, recorded, shares = [], [], []
    for _ in range(ROUNDS):
        unrecorded.append(without(preset))
        seconds, spent = within(preset)
        recorded.append(seconds)
        shares.append(spent / seconds)
    print(f"without a run folder {median(unrecorded):.2f} s, with one {median(recorded):.2f} s")
    print(
        f"ratio {median(recorded) / median(unrecorded):.4f}; inside the run store {median(shares):.2%}"
    )


if __name__ == "__main__":
    main()
