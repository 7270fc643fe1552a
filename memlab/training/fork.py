"""Forks: new runs that share the past of another run up to a step."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from memlab.errors import PresetError, RunError
from memlab.preset.create import create_run
from memlab.preset.fork import changed_settings, check_fork, forked_preset, preset_at
from memlab.preset.schema import Preset
from memlab.record.events import COLUMNS, Checkpoint, Edited, Event, Finding, Rows, Started
from memlab.record.folder import RunFolder
from memlab.record.history import History
from memlab.record.snapshot import Snapshot
from memlab.training.checkpoint import checkpoint_files, weights_to_bytes
from memlab.training.recompute import (
    Progress,
    RowComparison,
    ignore,
    later_edits,
    start_before,
    train_until,
)
from memlab.training.restore import AttemptStart
from memlab.training.state import COMPLETED, TrainState
from memlab.training.train import emit

BATCH_ORDER = ("training.batch_size", "training.seeds.batches", "training.epochs")
"""settings that affect which examples an update uses"""
ROWS_AT_ONCE = 65_536


@dataclass(frozen=True)
class ForkRequest:
    """The step of a fork, and the settings to change."""

    at: int
    """last step that is shared with the parent"""
    overrides: Sequence[str] = ()
    """`KEY=VALUE`; shapes of the model, data and split must not change"""
    steps: int | None = None
    """number of steps to train after `at`; None = as in the settings"""
    name: str | None = None
    """display name; None = the parent's name and the step"""
    settings: Preset | None = None
    """complete settings of the fork, instead of `overrides` and `steps`"""
    run: str | None = None
    """id of the fork, if already chosen"""
    origin: Mapping[str, Any] = field(default_factory=dict)
    """additional keys of `run.json`, such as `sweep`"""


@dataclass(frozen=True)
class ForkResult:
    """A fork that is ready to train."""

    folder: RunFolder
    recomputed: int
    """number of steps that were recomputed and compared with the rows of the parent"""
    first_difference: int | None
    """first step whose recomputed row differs"""
    findings: tuple[Finding, ...]


def create_fork(
    parent: RunFolder,
    runs: Path,
    request: ForkRequest,
    device: str = "auto",
    progress: Progress = ignore,
) -> ForkResult:
    """Create a run that shares the past of `parent` up to a step. A worker trains the rest.

    Rows and events of the parent are copied. Its newest checkpoint at or before the step is restored,
    and the steps from there are recomputed and compared with the rows of the parent. The fork begins
    with a checkpoint at the step.

    Args:
        runs: folder of the new run.
        progress: called with the step that the recomputation has reached.

    Raises:
        RunError: the parent has no such step, or the step is before the fork of the parent.
        PresetError: an override is not valid, or changes shapes, data or split.
    """
    at = request.at
    recorded = History(parent).until()
    before = preset_at(parent, recorded, at)
    after = _settings(before, request)
    changes = changed_settings(before, after)
    start = start_before(parent, at, device)
    comparison = RowComparison(parent, recorded)
    edits = later_edits(start, recorded, at)
    events = train_until(start, at, edits, comparison, progress)
    origin = {"fork": {"run": parent.id, "step": at}, **request.origin}
    name = request.name or f"{parent.labels().name} from {at}"
    folder = create_run(after, runs, name, run=request.run, origin=origin)
    findings = tuple(_findings(start, changes, at, comparison.first_difference))
    _write_past(folder, start, recorded, [*events, *findings], changes)
    return ForkResult(folder, comparison.compared, comparison.first_difference, findings)


def _settings(before: Preset, request: ForkRequest) -> Preset:
    """The settings of the fork.

    Raises:
        PresetError: they are not valid, change shapes, data or split, or end the fork where it begins.
    """
    if request.settings is not None:
        check_fork(before, request.settings)
        return request.settings
    steps = None if request.steps is None else request.at + request.steps
    settings = forked_preset(before, request.overrides, steps)
    if settings.training.steps is not None and settings.training.steps <= request.at:
        raise PresetError(
            "the fork would not train",
            where=f"training.steps={settings.training.steps}",
            found=f"a fork at step {request.at}",
            hint=f"training.steps={2 * request.at}",
        )
    return settings


def _findings(
    start: AttemptStart, changes: Mapping[str, Any], at: int, first_difference: int | None
) -> list[Finding]:
    """Findings about differences from the parent."""
    findings = [replace(finding, step=at) for finding in start.findings]
    if first_difference is not None:
        findings.append(
            Finding(
                step=at,
                level="warning",
                what=f"the recomputed steps differ from the parent's from step {first_difference}",
                why="the history of the fork is not exactly the parent's",
                advice="fork on the parent's machine, with the same threads and versions",
            )
        )
    staged = bool(start.run_data.dataset.stages) and "training.steps" in changes
    if staged or any(key in changes for key in BATCH_ORDER):
        findings.append(
            Finding(
                step=at,
                level="info",
                what=f"the batch order differs from the parent's after step {at}",
                why="a changed setting affects which examples an update uses",
                advice="leave it unchanged to see the effect of the other changes alone",
            )
        )
    return findings


def _write_past(
    folder: RunFolder,
    start: AttemptStart,
    recorded: Snapshot,
    recomputed: Sequence[Event],
    changes: dict[str, Any],
) -> None:
    """Write the shared past as the first attempt of the fork, which ends with a checkpoint."""
    state = start.state
    at, best = state.step, state.best
    detected = _take_effect(state, folder, changes)
    announce: list[Event] = [Edited(step=at, changes=changes)] if changes else []
    announce.append(Checkpoint(step=at, best_step=best.step if best else None))
    if start.resumed_from is None:
        past: Sequence[Event] = recorded.of(Started)[:1]
    else:
        past = [event for event in recorded.events if event.seq < start.seq]
    recomputed_events = [e for e in recomputed if not (isinstance(e, Checkpoint) and e.step == at)]
    walls = {(event.kind, event.step): event.wall for event in recorded.events}
    wall = past[-1].wall if past else 0.0
    with folder.claim(start.circumstances, seq=0, first_step=1) as writer:
        for rows in _past_rows(recorded, at):
            writer.write(rows)
        for event in past:
            writer.write(event, seal_rows=False, wall=event.wall)
        for event in [*recomputed_events, *detected]:
            wall = max(wall, walls.get((event.kind, event.step), wall))
            writer.write(event, seal_rows=False, wall=wall)
        if best and best.step != at:
            weights = {"model.safetensors": weights_to_bytes(best.weights)}
            writer.commit(best.step, weights)
        writer.commit(at, checkpoint_files(state, writer.seq, announce))
        writer.end("stopped", at, {})


def _take_effect(state: TrainState, folder: RunFolder, changes: dict[str, Any]) -> list[Event]:
    """Turn `state` into that of the fork; returns the events that detectors derive from the changes.

    The preset of the fork includes all edits, so no edit remains to be applied.
    """
    state.edits, state.planned = {}, []
    if not changes:
        return []
    if state.ending in COMPLETED and state.step < folder.description["check"]["updates"]:
        state.ending, state.worse_evaluations = None, 0
    emit(state, Edited(step=state.step, changes=changes))
    detected = [event for event in state.queue if not isinstance(event, Edited)]
    state.queue.clear()
    return detected


def _past_rows(recorded: Snapshot, at: int) -> Iterator[Rows]:
    """Rows of the parent up to step `at`, with all columns of this version of memlab.

    Raises:
        RunError: rows are missing.
    """
    for first in range(1, at + 1, ROWS_AT_ONCE):
        last = min(at, first + ROWS_AT_ONCE - 1)
        steps, values = recorded.steps.read(first, last)
        if len(steps) != last - first + 1:
            raise RunError(
                f"rows are missing between steps {first} and {last}",
                hint="`memlab doctor RUN` lists what is damaged",
            )
        rows = np.full((len(steps), len(COLUMNS)), np.nan, np.float32)
        rows[:, [COLUMNS.index(name) for name in recorded.steps.columns]] = values
        yield Rows(step=last, values=rows)
