"""What rows, events and checkpoints cost: a preset trained with and without its run folder.

    python benchmarks/recording.py [PRESET] [KEY=VALUE ...]

Both ways are timed in turn in one process, and the time spent inside the run store is added up.
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
    """Seconds to train, with nothing written down; making data and model is left out."""
    run_data = RunData(preset, choose_device("auto"))
    state = fresh_state(run_data)
    started = time.perf_counter()
    for _ in train(state, run_data, deque()):
        pass
    return time.perf_counter() - started


def within(preset: Preset) -> tuple[float, float]:
    """Seconds to train with a run folder, and those of them that the run store took."""
    with tempfile.TemporaryDirectory() as folder, _stopwatch() as spent:
        events = work(create_run(preset, Path(folder)))
        next(events)
        started, before = time.perf_counter(), spent[0]
        for _ in events:
            pass
        return time.perf_counter() - started, spent[0] - before


@contextmanager
def _stopwatch() -> Iterator[list[float]]:
    """Adds up the seconds inside the run store's calls."""
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
    """Print both times, their ratio, and the share that the run store took."""
    name, *overrides = sys.argv[1:] or ["quickstart", "training.steps=300"]
    preset = load(name, overrides)
    make_deterministic()
    bare, recorded, shares = [], [], []
    for _ in range(ROUNDS):
        bare.append(without(preset))
        seconds, spent = within(preset)
        recorded.append(seconds)
        shares.append(spent / seconds)
    print(f"without a run folder {median(bare):.2f} s, with one {median(recorded):.2f} s")
    print(f"ratio {median(recorded) / median(bare):.4f}; inside the run store {median(shares):.2%}")


if __name__ == "__main__":
    main()
