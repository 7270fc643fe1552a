"""Explains a spike: recomputes it with one change at a time, and compares with placebos."""

import random
from collections.abc import Iterator, Mapping, Sequence
from contextlib import nullcontext
from functools import partial
from typing import Any

import numpy as np

from memlab.detectors.curve import find_curve_spikes, iter_column
from memlab.errors import RunError
from memlab.record import derived
from memlab.record.events import Edited, Rows, Spike
from memlab.record.explanation import CODE_VERSION, document_name
from memlab.record.folder import RunFolder
from memlab.record.history import History
from memlab.record.snapshot import Snapshot
from memlab.record.summary import spike_to_json
from memlab.training.explain.changes import all_changes
from memlab.training.explain.instruments import measure
from memlab.training.explain.processes import Computation, Workers, progress_line
from memlab.training.explain.trial import StartState, TrialResult, control, try_change
from memlab.training.explain.verdict import causes, sentence
from memlab.training.explain.window import Window
from memlab.training.models_at import PROGRESS_STEPS, ReportLine, report_every
from memlab.training.recompute import Recomputation, RowsDifferError
from memlab.training.step import GRAD_NORM, LOSS

HIGHEST, RANDOM = 8, 8
"""maximum numbers of highest and of random spikes that `--all` explains"""
BEFORE = 100
"""number of steps before the onset whose median gradient norm is the clipping threshold"""
INSTRUMENTS = "measuring tensors and answers"
"""name of the task that is not a trial"""


def chosen_spike(recorded: Snapshot, *, number: int | None = None, at: int | None = None) -> Spike:
    """The spike `number` (from 1) of a run, the one around step `at`, or the highest.

    Raises:
        RunError: the run has no such spike.
    """
    spikes = recorded.closed_spikes
    if not spikes and (at is None or not (spikes := tuple(_unrecorded(recorded, at)))):
        raise RunError("the run has no closed spike", found="0 spikes")
    if number is not None:
        if not 1 <= number <= len(spikes):
            raise RunError(f"the run has no spike {number}", allowed=f"1 to {len(spikes)}")
        return spikes[number - 1]
    if at is not None:
        around = [spike for spike in spikes if spike.onset <= at <= spike.step]
        around = around or _unrecorded(recorded, at)
        if not around:
            near = min(spikes, key=lambda spike: abs(spike.onset - at))
            raise RunError(
                f"no spike around step {at}", hint=f"the nearest begins at step {near.onset}"
            )
        return around[0]
    return max(spikes, key=lambda spike: spike.peak)


def _unrecorded(recorded: Snapshot, at: int) -> list[Spike]:
    """Spikes of the loss around a step, including those that are not among the recorded events.

    During training the detector resets its base at an edit, so it does not report a spike right after
    an edit. Here the recorded loss is searched without the edits.
    """
    spikes = find_curve_spikes(lambda: iter_column(recorded, "loss")).spikes
    return [spike for spike in spikes if spike.onset <= at <= spike.step]


def spikes_of_all(recorded: Snapshot) -> list[Spike]:
    """The highest spikes and a random sample of the others, by onset; the same at every call."""
    spikes = list(recorded.closed_spikes)
    ranked = sorted(spikes, key=lambda spike: -spike.peak)
    others = sorted(ranked[HIGHEST:], key=lambda spike: spike.onset)
    sampled = random.Random(0).sample(others, min(RANDOM, len(others)))
    return sorted([*ranked[:HIGHEST], *sampled], key=lambda spike: spike.onset)


def explain_spike(
    folder: RunFolder,
    spike: Spike,
    device: str = "auto",
    report: ReportLine = lambda line: None,
    *,
    jobs: int = 1,
) -> dict[str, Any]:
    """Explain one spike, or read its explanation from `derived/`.

    Args:
        jobs: number of processes that compute trials at the same time; on a GPU always this one.

    Returns:
        `{run, spike, recomputed: {from, equal, ...}, changes, causes, sentence, instruments}`. If a
        recomputed row differs from the recorded one, `changes` is empty. The number of jobs does not
        affect it.
    """
    stored = derived.read_document(folder, document_name(spike.onset), CODE_VERSION)
    if stored is not None:
        return stored
    document = _explained(folder, spike, device, report, jobs)
    if document["recomputed"]["equal"]:
        derived.write_document(folder, document_name(spike.onset), document, CODE_VERSION)
    return document


def _explained(
    folder: RunFolder, spike: Spike, device: str, report: ReportLine, jobs: int
) -> dict[str, Any]:
    recorded = History(folder).until()
    planned = folder.description.get("check", {}).get("updates", recorded.last_step)
    window = Window.around(spike, recorded.of(Edited), max(planned, recorded.last_step))
    recomputation = Recomputation.before(folder, window.change_at, window.last, device)
    first = recomputation.start.state.step
    document: dict[str, Any] = {"run": folder.path.name, "spike": spike_to_json(spike)}
    parallel = jobs > 1 and recomputation.start.run_data.device.type == "cpu"
    try:
        with (
            Workers(folder, window.change_at, device, jobs) if parallel else nullcontext()
        ) as workers:
            report(f"recomputing from step {first:,}")
            recomputation.go_to(window.change_at, report_every(PROGRESS_STEPS, report))
            tried = _tried(recomputation, window, _grad_norm(recorded, spike), report, workers)
    except RowsDifferError as error:
        return document | {
            "recomputed": {"from": first, "equal": False, "first_difference": error.step},
            "changes": [],
            "causes": [],
            "sentence": f"Not explained: recomputed rows differ from step {error.step:,} on. Equal rows "
            "need the machine, versions and number of threads that trained the run.",
        }
    compared = {"rows": recomputation.comparison.compared, "first_difference": None}
    return document | {
        "recomputed": {"from": first, "equal": True, **compared},
        "window": _window_json(window),
        **tried,
    }


def _tried(
    recomputation: Recomputation,
    window: Window,
    grad_norm: float,
    report: ReportLine,
    workers: Workers | None,
) -> dict[str, Any]:
    """Conclusion and measurements, with `recomputation` at the start of the window.

    Raises:
        RowsDifferError: a recomputed row of the window differs from the recorded one.
    """
    state, run_data = recomputation.start.state, recomputation.start.run_data
    start = StartState.of(state, recomputation.edits)
    mini_batches = not run_data.batches.whole
    changes = list(all_changes(start.preset, window, grad_norm, mini_batches=mini_batches))
    tasks: dict[str, Computation] = {
        change.name: partial(try_change, change=change) for change in changes
    }
    tasks[INSTRUMENTS] = measure
    if workers:
        workers.begin(tasks, start, window, report)
    unchanged = control(_control_losses(recomputation, window), start, window)
    here = _results_here(tasks, recomputation, start, window, report)
    results = dict(workers.results() if workers else here)
    trials = [unchanged, *(results[change.name] for change in changes)]
    instruments = results[INSTRUMENTS].to_json(window.spike.onset)
    return {**conclusion(window, trials), "instruments": instruments}


def _results_here(
    tasks: Mapping[str, Computation],
    recomputation: Recomputation,
    start: StartState,
    window: Window,
    report: ReportLine,
) -> Iterator[tuple[str, Any]]:
    """Name and result of each task, computed in this process one after another."""
    state, run_data = recomputation.start.state, recomputation.start.run_data
    for i, (name, task) in enumerate(tasks.items()):
        report(progress_line(i + 1, len(tasks), name))
        yield name, task(state, run_data, start, window=window)


def conclusion(window: Window, trials: Sequence[TrialResult]) -> dict[str, Any]:
    """The keys `changes`, `causes` and `sentence` of an explanation."""
    return {
        "changes": [trial.to_json() for trial in trials],
        "causes": causes(trials),
        "sentence": sentence(window, trials),
    }


def _window_json(window: Window) -> dict[str, Any]:
    return {"change_at": window.change_at, "last": window.last, "level": window.level}


def _control_losses(recomputation: Recomputation, window: Window) -> Any:
    """(step,) losses of the window without a change.

    Raises:
        RowsDifferError: a recomputed row differs from the recorded one.
    """
    state = recomputation.start.state
    blocks = []
    while state.step < window.last:
        values = recomputation.advance(window.last)
        recomputation.comparison.compare(Rows(step=state.step, values=values))
        difference = recomputation.comparison.first_difference
        if difference is not None:
            raise RowsDifferError(recomputation.comparison.folder, difference)
        blocks.append(values[:, LOSS].astype(np.float64))
    return np.concatenate(blocks)


def _grad_norm(recorded: Snapshot, spike: Spike) -> float:
    """Median gradient norm of the steps before the onset."""
    _, rows = recorded.steps.read(max(1, spike.onset - BEFORE), spike.onset - 1)
    return float(np.median(rows[:, GRAD_NORM])) if len(rows) else 0.0
