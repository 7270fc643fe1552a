"""Start of an attempt: the newest usable checkpoint or the initial state, device and threads."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch

from memlab.errors import RunError
from memlab.preset.run_preset import preset_of
from memlab.record import events
from memlab.record.events import Event, Finding
from memlab.record.folder import RunFolder
from memlab.training.checkpoint import BEST, from_files, restore_best
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
    """device, threads and versions: what the bits depend on in addition to the preset"""
    findings: list[Finding]
    """findings about this start; the worker sets their step"""
    seq: int = 0
    """seq of the attempt's first event"""
    resumed_from: int | None = None
    """step of the checkpoint; None = from the beginning"""
    announce: tuple[Event, ...] = ()
    """events that take effect with the checkpoint"""
    after: int = 0
    """number of the last attempt at the time of reading; 0 = none"""


def restore(
    folder: RunFolder, device: str, threads: int | None = None, until: int | None = None
) -> AttemptStart:
    """Restore the newest checkpoint that verifies, or create the state before the first update.

    Threads and device are those of the run's first attempt if possible.

    Args:
        threads: for a run that has not started; None = chosen by the size of its work.
        until: ignore the checkpoints after this step.

    Raises:
        RunError: none of the existing checkpoints is usable, or `run.json` is damaged.
        PresetError: the run's engine does not compute what the model's forward computes.
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
    facts = from_files(state, stored.files)
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
    """Restore the best weights so far, from the checkpoint or their own; returns the reason on
    failure.

    Args:
        facts: what `from_files` returned for `files`.
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
    """The requested device; by default the one on which the run began, if available."""
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
    """Differences from the first attempt that change bits."""
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
