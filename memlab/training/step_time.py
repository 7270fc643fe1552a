"""Estimates the time per update from a few real updates."""

import statistics
import time

from memlab.preset.learning_rate import learning_rate
from memlab.preset.schema import Preset
from memlab.training.device import choose_device
from memlab.training.run_data import RunData
from memlab.training.state import fresh_state
from memlab.training.step import update

UPDATES = 5


def seconds_per_step(preset: Preset, device: str = "auto") -> float:
    """Median time of an update of a new model over a few updates; the first is a warm-up."""
    run_data = RunData(preset, choose_device(device))
    state = fresh_state(run_data)
    steps = run_data.facts.updates
    seconds = []
    for step in range(1, UPDATES + 2):
        started = time.perf_counter()
        loss, _ = update(
            state, run_data, learning_rate(preset.optimizer, step, max(steps, step)), steps
        )
        float(loss)
        seconds.append(time.perf_counter() - started)
    return statistics.median(seconds[1:])
