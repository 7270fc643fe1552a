"""How long a preset will take, from a few real updates."""

import statistics
import time

from memlab.engine.device import choose_device
from memlab.engine.learning_rate import learning_rate
from memlab.engine.material import Material
from memlab.engine.state import fresh_state
from memlab.engine.step import update
from memlab.preset.schema import Preset

UPDATES = 5


def seconds_per_step(preset: Preset, device: str = "auto") -> float:
    """Median over a few updates of a fresh model, the first one left out."""
    material = Material(preset, choose_device(device))
    state = fresh_state(material)
    steps = material.facts.updates
    taken = []
    for step in range(1, UPDATES + 2):
        started = time.perf_counter()
        loss, _ = update(
            state, material, learning_rate(preset.optimizer, step, max(steps, step)), steps
        )
        float(loss)
        taken.append(time.perf_counter() - started)
    return statistics.median(taken[1:])
