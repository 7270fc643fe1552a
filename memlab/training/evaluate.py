"""Evaluates a model: measures on each split, and on each task of a mixture."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from memlab.measures import named_measures, split_measures
from memlab.measures.accuracy import ACCURACY_GAP, exact_matches
from memlab.measures.kinds import SplitMeasure
from memlab.measures.scores import Predictions, Scores
from memlab.models.transformer import Transformer
from memlab.record.events import Evaluated
from memlab.training.answers import ask, questions_of
from memlab.training.run_data import EvalSplit, RunData

SCORED_ANSWERS = 256
"""number of examples of a split, the first ones, for the scores that a task defines"""


@dataclass(frozen=True)
class EvaluationResult:
    event: Evaluated
    right: dict[str, Tensor]
    """split to (example,) bool: the whole answer is correct"""


@torch.no_grad()
def evaluate(
    model: Transformer, run_data: RunData, splits: Sequence[str], step: int
) -> EvaluationResult:
    """Evaluate `splits` with the model in evaluation mode.

    Records the split measures (cross-entropy without label smoothing, accuracies, ...) and the scores
    of the task, per split, per task of a mixture, and per part (noisy, repeated, ...).
    """
    model.eval()
    values: dict[str, float] = {}
    groups: dict[str, dict[str, float]] = {}
    right: dict[str, Tensor] = {}
    named = named_measures(run_data.preset.evaluation.measures)
    measures = [*split_measures(), *(m for m in named if isinstance(m, SplitMeasure))]
    for name in splits:
        split = run_data.eval_split(name)
        scores = _concatenate([plan.scores(model) for plan in split.plans])
        right[name] = exact_matches(scores, split.in_answer)
        for part, members in _parts(split, run_data):
            predictions = Predictions(
                scores,
                split.in_loss,
                split.in_answer,
                right[name],
                members,
                run_data.facts.parameters,
                run_data.dataset.answer_bits,
            )
            measured = _measured(measures, predictions, name)
            if part is None:
                values |= measured | _of_one_split(measures, predictions, name)
            elif part in run_data.dataset.groups:
                groups.setdefault(part, {}).update(measured)
            else:
                of_parts = (f"{name}_{m.declared.name}" for m in measures if m.of_parts)
                values |= {f"{key}_{part}": measured[key] for key in of_parts if key in measured}
        values |= _task_scores(name, model, run_data)
    if {"train_accuracy", "val_accuracy"} <= values.keys():
        values[ACCURACY_GAP.name] = values["train_accuracy"] - values["val_accuracy"]
    return EvaluationResult(Evaluated(step=step, values=values, groups=groups), right)


def _parts(split: EvalSplit, run_data: RunData) -> Iterator[tuple[str | None, Tensor]]:
    """Parts of a split as (name, (example,) bool): all (None), tasks, noisy, clean, repeated, once."""
    yield None, torch.ones_like(split.group, dtype=torch.bool)
    if len(run_data.dataset.groups) > 1:
        for i, name in enumerate(run_data.dataset.groups):
            yield name, split.group == i
    examples = run_data.dataset.splits[split.name]
    if examples.noisy is not None:
        yield from _halves(examples.noisy, ("noisy", "clean"), split)
    if examples.copies is not None:
        yield from _halves(examples.copies > 1, ("repeated", "once"), split)


def _halves(
    chosen: NDArray[np.bool_], names: tuple[str, str], split: EvalSplit
) -> Iterator[tuple[str, Tensor]]:
    """The chosen examples and the other examples, if both are non-empty."""
    if chosen.any() and not chosen.all():
        members = torch.from_numpy(chosen).to(split.group.device)
        yield names[0], members
        yield names[1], ~members


def _measured(
    measures: Sequence[SplitMeasure], predictions: Predictions, split: str
) -> dict[str, float]:
    """Recorded names to values of the measures that every split has."""
    if not predictions.measured.any():
        return {}
    values = {
        f"{split}_{measure.declared.name}": measure.compute(predictions)
        for measure in measures
        if measure.only is None
    }
    return {name: value for name, value in values.items() if value is not None}


def _of_one_split(
    measures: Sequence[SplitMeasure], predictions: Predictions, split: str
) -> dict[str, float]:
    """Recorded names to values of the measures that only this split has."""
    values = {
        measure.declared.name: measure.compute(predictions)
        for measure in measures
        if measure.only == split
    }
    return {name: value for name, value in values.items() if value is not None}


def _task_scores(name: str, model: Transformer, run_data: RunData) -> dict[str, float]:
    """The scores that the task defines, on the first `SCORED_ANSWERS` examples."""
    dataset, task = run_data.dataset, run_data.preset.task
    if not task.score_names:
        return {}
    questions = questions_of(dataset, name, SCORED_ANSWERS)
    answers = ask(model, dataset, questions)
    decode = dataset.vocabulary.decode
    pairs = [(decode(q.target), decode(a.tokens)) for q, a in zip(questions, answers, strict=True)]
    return {f"{name}_{key}": value for key, value in task.score(pairs).items()}


def _concatenate(parts: Sequence[Scores]) -> Scores:
    """Scores of a split from those of its consecutive parts; examples are renumbered."""
    starts = [0]
    for part in parts:
        starts.append(starts[-1] + part.n_examples)
    return Scores(
        torch.cat([part.nll for part in parts]),
        torch.cat([part.right for part in parts]),
        torch.cat([part.example + start for part, start in zip(parts, starts, strict=False)]),
        torch.cat([part.position for part in parts]),
        starts[-1],
    )
