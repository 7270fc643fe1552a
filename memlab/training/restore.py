"""The start of an attempt: newest usable checkpoint or initial state, device and threads."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch

from memlab.errors import RunError
from memlab.preset.run_preset import preset_of
from memlab.record import events
from memlab.record.events import Event, Finding
from memlab.record.folder import RunFolder
from memlab.training.checkpoint import BEST, load_state, restore_best
from memlab.training.device import choose_device, describe, make_deterministic, set_threads
from memlab.training.engines.compare import check_engine
from memlab.training.run_data import RunData
from memlab.training.state import TrainState, fresh_state


@dataclass(frozen=True)
class AttemptStart:
    """The starting point of an attempt."""

    state: TrainState
    run_data: RunData
    circumstances: Mapping[str, Any]
    """device, threads and versions, as `device.describe` returns them"""
    findings: list[Finding]
    """differences from the first attempt and rejected checkpoints; the worker sets their step"""
    seq: int = 0
    """number of the first event of the attempt"""
    resumed_from: int | None = None
    """step of the checkpoint; None = from the beginning"""
    announce: tuple[Event, ...] = ()
    """events that were committed with the checkpoint and must be recorded first"""
    after: int = 0
    """number of the last attempt when the state was read; 0 = none"""


def restore(
    folder: RunFolder, device: str, threads: int | None = None, until: int | None = None
) -> AttemptStart:
    """Restore the newest checkpoint whose hashes are correct, or create the initial state.

    Device and number of threads are those of the first attempt of the run, if possible.

    Args:
        threads: for a run that has not started; None = chosen by the size of its matrix products.
        until: ignore checkpoints after this step.

    Raises:
        RunError: none of the existing checkpoints is usable, or `run.json` is damaged.
        PresetError: the engine does not compute the same function as `Transformer.forward`.
    """
    attempts = folder.attempts()
    after = attempts[-1].number if attempts else 0
    first = attempts[0].info if attempts else {}
    make_deterministic()
    run_data = RunData(preset_of(folder), _device_of(first, device))
    set_threads(run_data.flop, first.get("threads") or threads)
    state = fresh_state(run_data)
    check_engine(run_data.choice, state.model)
    now = describe(run_data.device)
    findings = _changed_circumstances(first, now)
    checkpoints = folder.checkpoints
    usable = checkpoints.has("resume") if until is None else checkpoints.newest_to_resume(until)
    if usable in (False, None):
        return AttemptStart(state, run_data, now, findings, after=after)
    stored = checkpoints.load(need="resume", until=until)
    facts = load_state(state, stored.files)
    refused = list(stored.refused)
    if problem := restore_best_weights(state, folder, facts, stored.files):
        refused.append(problem)
    return AttemptStart(
        state,
        run_data,
        now,
        [*map(_refusal, refused), *findings],
        seq=facts["seq"],
        resumed_from=stored.step,
        announce=tuple(events.from_json(event) for event in facts["announce"]),
        after=after,
    )


def restore_best_weights(
    state: TrainState, folder: RunFolder, facts: Mapping[str, Any], files: Mapping[str, bytes]
) -> str | None:
    """Restore the best weights so far, from the same checkpoint or from their own.

    Args:
        facts: the return value of `load_state` for `files`.

    Returns:
        The reason if they cannot be restored, otherwise None.
    """
    if not facts["best"]:
        return None
    if BEST in files:
        restore_best(state, facts, files[BEST])
        return None
    try:
        best = folder.checkpoints.load(facts["best"]["step"], need="weights")
    except RunError as error:
        return f"the best weights: {error.found}"
    restore_best(state, facts, best.files["model.safetensors"])
    return None


def _device_of(first: Mapping[str, Any], requested: str) -> torch.device:
    """The requested device; with `auto`, the CPU if the run began on the CPU."""
    if requested == "auto" and first.get("device") == "cpu":
        return choose_device("cpu")
    return choose_device(requested)


def _refusal(reason: str) -> Finding:
    return Finding(
        step=0,
        level="warning",
        what=f"a checkpoint was rejected: {reason}",
        why="it is missing, or its contents do not match its hashes",
        advice="the run resumes from an intact checkpoint; later steps are recomputed",
    )


def _changed_circumstances(first: Mapping[str, Any], now: Mapping[str, Any]) -> list[Finding]:
    """Warnings about differences from the first attempt that affect the bits."""
    return [
        Finding(
            step=0,
            level="warning",
            what=f"{key} was {first[key]} at the start of the run and is {now[key]} now",
            why="sums are computed in another order, so the last bits of the same steps may differ",
            advice="resume in the original environment if the run must be reproducible bit by bit",
        )
        for key in now
        if key in first and first[key] != now[key]
    ]
