"""The training loop, as a generator of events.

    while not ended:
        yield pending events
        evaluate the model, if an evaluation is due
        commit a checkpoint, if one is due
        execute commands: edits, a checkpoint, a stop
        compute a block of updates

At each yield the state is complete. To pause, stop iterating.
"""

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from memlab.errors import PresetError
from memlab.preset.edit import apply_edits
from memlab.preset.extension import check_extension
from memlab.preset.schedule import (
    checkpoint_interval,
    next_evaluation,
    next_kept,
    total_steps,
)
from memlab.record.commands import CheckpointNow, Command, Edit, Stop
from memlab.record.events import (
    Change,
    Checkpoint,
    Edited,
    Ended,
    Evaluated,
    Event,
    Finding,
    Phase,
    Rows,
)
from memlab.training.answers import sample
from memlab.training.evaluate import evaluate
from memlab.training.flight_recorder import RECORD_EVERY
from memlab.training.measure_model import measured_now
from memlab.training.optimizers import apply_settings
from memlab.training.run_data import RunData
from memlab.training.state import COMPLETED, Best, TrainState
from memlab.training.step import LOSS, KeepRows, advance, keep_nothing


def train(
    state: TrainState,
    run_data: RunData,
    inbox: deque[Command],
    keep_rows: KeepRows = keep_nothing,
) -> Iterator[Event]:
    """Advance `state` until its run ends; `keep_rows` gets rows before their event.

    The caller must commit `state` as a checkpoint when a `Checkpoint` or an `Edited` is yielded,
    before recording the event.
    """
    while True:
        while state.queue:
            yield state.queue.popleft()
        if _evaluation_is_due(state, run_data):
            _evaluate(state, run_data)
        elif _checkpoint_is_due(state, run_data):
            _checkpoint(state)
        elif _execute_commands(state, run_data, inbox):
            continue
        elif state.ending:
            ended = Ended(step=state.step, reason=state.ending)
            yield from (event for detector in state.detectors for event in detector.see(ended))
            yield ended
            return
        elif not _announce_stage(state, run_data):
            _advance(state, run_data, keep_rows)


def emit(state: TrainState, event: Event) -> None:
    """Queue `event` and the events that the detectors derive from it.

    Events that require a commit come last, so that the queue is empty at the commit.
    """
    detected = [e for detector in state.detectors for e in detector.see(event)]
    state.sustained |= any(isinstance(e, Phase) and e.name == "sustained" for e in detected)
    needs_commit = isinstance(event, Checkpoint | Edited)
    state.queue.extend([*detected, event] if needs_commit else [event, *detected])


def _steps(state: TrainState, run_data: RunData) -> int:
    return total_steps(state.preset, run_data.batches.per_epoch)


def _evaluation_is_due(state: TrainState, run_data: RunData) -> bool:
    if state.evaluated_at == state.step or state.ending == "diverged":
        return False
    steps = _steps(state, run_data)
    due = next_evaluation(state.preset, run_data.batches.per_epoch, steps, state.step - 1)
    return state.step in (0, due) or state.step >= steps


def _checkpoint_is_due(state: TrainState, run_data: RunData) -> bool:
    if state.checkpointed_at == state.step or state.ending == "diverged":
        return False
    if state.ending:
        return True
    steps = _steps(state, run_data)
    at_interval = state.step % checkpoint_interval(state.preset, steps) == 0
    is_kept = next_kept(state.preset, steps, state.step - 1) == state.step
    return state.step > 0 and (at_interval or is_kept)


def _evaluate(state: TrainState, run_data: RunData) -> None:
    """Evaluate train and val, update the state, and queue the events; at the end also test."""
    present = [n for n in ("train", "val") if len(run_data.dataset.splits.get(n, ()))]
    evaluation = evaluate(state.model, run_data, present, state.step)
    eval_split = _with_measures(state, run_data, evaluation.event)
    if state.forgetting is not None:
        state.forgetting.update(state.step, evaluation.right["train"])
    _keep_best(state, eval_split.values.get("val_loss", eval_split.values["train_loss"]))
    state.evaluated_at = state.step
    state.ending = _end_reason(state, run_data) or state.ending
    emit(
        state, _with_test(state, run_data, eval_split) if state.ending in COMPLETED else eval_split
    )
    if state.ending is None and _stops_as_sustained(state):
        state.ending = "early_stop"
        # The evaluation is not yielded yet: if it ends the run, the test scores are added to it.
        state.queue[0] = _with_test(state, run_data, eval_split)
    if state.preset.evaluation.samples:
        emit(state, sample(state.model, run_data, state.step))


def _end_reason(state: TrainState, run_data: RunData) -> str | None:
    """The reason for ending the run at this evaluation; None = it continues."""
    patience = state.preset.training.patience
    if state.step >= _steps(state, run_data):
        return "finished"
    return "early_stop" if patience and state.worse_evaluations >= patience else None


def _stops_as_sustained(state: TrainState) -> bool:
    return state.sustained and state.preset.training.stop_when == "sustained"


def _with_test(state: TrainState, run_data: RunData, eval_split: Evaluated) -> Evaluated:
    """The evaluation with the test split added, which is evaluated once, at the end of the run."""
    if not len(run_data.dataset.splits.get("test", ())):
        return eval_split
    test = evaluate(state.model, run_data, ["test"], state.step).event
    groups = {
        name: values | test.groups.get(name, {}) for name, values in eval_split.groups.items()
    }
    return replace(eval_split, values=eval_split.values | test.values, groups=groups)


def _with_measures(state: TrainState, run_data: RunData, eval_split: Evaluated) -> Evaluated:
    """The evaluation with the measures in `evaluation.measures` added."""
    names = state.preset.evaluation.measures
    if not names:
        return eval_split
    measured = measured_now(state.model, run_data, names)
    return replace(eval_split, values=eval_split.values | measured)


def _keep_best(state: TrainState, loss: float) -> None:
    if state.best is None or loss < state.best.loss:
        weights = {name: p.detach().clone() for name, p in state.model.named_parameters()}
        state.best, state.worse_evaluations = Best(state.step, loss, weights), 0
    else:
        state.worse_evaluations += 1


def _checkpoint(state: TrainState) -> None:
    state.checkpointed_at = state.step
    best = state.best.step if state.best else None
    emit(state, Checkpoint(step=state.step, best_step=best))


def _execute_commands(state: TrainState, run_data: RunData, inbox: deque[Command]) -> bool:
    """Execute pending commands; returns whether the loop must continue before the next update."""
    save_requested = stopping = False
    while inbox:
        match inbox.popleft():
            case Stop():
                stopping = True
            case CheckpointNow():
                save_requested = True
            case Edit() as edit if not _is_known(state, edit):
                state.planned.append(edit)
    due = [edit for edit in state.planned if edit.at is None or edit.at <= state.step]
    state.planned = [edit for edit in state.planned if edit not in due]
    if changes := _apply_to_preset(state, run_data, due):
        _take_effect(state, run_data, changes)
    elif save_requested:
        _checkpoint(state)
    if stopping:
        state.ending = "stopped"
    return bool(stopping or state.queue)


def _is_known(state: TrainState, edit: Edit) -> bool:
    """Whether an edit is already planned or applied.

    Commands of planned edits stay in the run folder, so a resumed run reads them again.
    """
    done = edit.at is not None and edit.at <= state.step
    return edit in state.planned or (done and edit.changes.items() <= state.edits.items())


def _announce_stage(state: TrainState, run_data: RunData) -> bool:
    """Queue an event if the next update is the first one of a stage; returns whether it is."""
    stage = run_data.batches.stage(state.step + 1, _steps(state, run_data))
    if stage is None or stage.name == state.stage:
        return False
    state.stage = stage.name
    emit(state, Change(step=state.step, what=f"now training on {stage.name}"))
    return True


def _apply_to_preset(state: TrainState, run_data: RunData, edits: Sequence[Edit]) -> dict[str, Any]:
    """Apply edits to the preset; returns the changes. An invalid edit is reported and skipped."""
    changes: dict[str, Any] = {}
    for edit in edits:
        try:
            preset = apply_edits(state.preset, edit.changes)
            warnings = check_extension(state.preset, preset, state.step, run_data.batches.per_epoch)
        except PresetError as error:
            emit(state, _refusal(state.step, error))
        else:
            state.preset = preset
            changes |= edit.changes
            for warning in warnings:
                emit(
                    state,
                    Finding(
                        step=state.step,
                        level=warning.level,
                        what=warning.what,
                        why=warning.why,
                        advice=warning.advice,
                    ),
                )
    return changes


def _refusal(step: int, error: PresetError) -> Finding:
    details = {"found": error.found, "allowed": error.allowed}
    return Finding(
        step=step,
        level="warning",
        what=f"an edit is refused: {error.what}",
        why="; ".join(f"{label}: {text}" for label, text in details.items() if text),
        advice="the run continues without it; send a valid edit",
    )


def _take_effect(state: TrainState, run_data: RunData, changes: dict[str, Any]) -> None:
    """Apply changed settings to the optimizer and the state; an extended run continues."""
    if state.ending in COMPLETED and state.step < _steps(state, run_data):
        state.ending, state.worse_evaluations, state.sustained = None, 0, False
    apply_settings(state.optimizer, state.preset.optimizer)
    state.edits |= changes
    state.checkpointed_at = state.step
    emit(state, Edited(step=state.step, changes=changes))


def _advance(state: TrainState, run_data: RunData, keep_rows: KeepRows) -> None:
    """Compute a block of updates, up to the next step at which the loop has something else to do.

    If the loss becomes non-finite, the run ends at the first such row.
    """
    steps = _steps(state, run_data)
    next_kept_step = next_kept(state.preset, steps, state.step)
    stops = [
        next_evaluation(state.preset, run_data.batches.per_epoch, steps, state.step),
        *(
            state.step - state.step % every + every
            for every in (checkpoint_interval(state.preset, steps), RECORD_EVERY)
        ),
        *([] if next_kept_step is None else [next_kept_step]),
        *(edit.at for edit in state.planned if edit.at is not None),
        *(step for step in run_data.batches.boundaries(steps) if step > state.step),
    ]
    values = advance(state, run_data, min(stops), steps, keep_rows)  # (row, column)
    non_finite = np.flatnonzero(~np.isfinite(values[:, LOSS]))
    if len(non_finite) and state.preset.training.on_divergence == "stop":
        state.step -= len(values) - 1 - int(non_finite[0])
        values = values[: non_finite[0] + 1]
        state.ending = "diverged"
    emit(state, Rows(step=state.step, values=values))
