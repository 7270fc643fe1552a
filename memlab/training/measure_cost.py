"""Estimates the cost of recording measures of the model during training."""

import time

from memlab.models.transformer import Transformer
from memlab.preset.schema import Preset
from memlab.training.device import choose_device
from memlab.training.measure_model import measured_now
from memlab.training.run_data import RunData
from memlab.training.state import fresh_state
from memlab.training.step_time import seconds_per_step


def share_of_measures(preset: Preset, evaluations: int, device: str = "auto") -> float:
    """Time of the measures at all evaluations divided by the time of all updates, on a new model.

    Args:
        preset: names the measures in `evaluation.measures`.
        evaluations: number of evaluations in the whole run.
    """
    run_data = RunData(preset, choose_device(device))
    model = fresh_state(run_data).model
    seconds = min(_seconds(preset, run_data, model) for _ in range(2))
    return seconds * evaluations / (seconds_per_step(preset, device) * run_data.facts.updates)


def _seconds(preset: Preset, run_data: RunData, model: Transformer) -> float:
    started = time.perf_counter()
    measured_now(model, run_data, preset.evaluation.measures)
    return time.perf_counter() - started
