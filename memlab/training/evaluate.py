"""Judging a model: what is measured on each split, and on each task of a mixture."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from memlab.measures.accuracy import exact_matches, token_accuracy
from memlab.measures.bits import memorized_bits
from memlab.measures.loss import mean_loss
from memlab.measures.scores import Scores
from memlab.models.transformer import Transformer
from memlab.record.events import Evaluated
from memlab.training.answers import ask, questions_of
from memlab.training.run_data import EvalSplit, RunData

SCORED_ANSWERS = 256
"""examples of a split that a task's own score is computed on, the first ones"""


@dataclass(frozen=True)
class EvaluationResult:
    """What one evaluation found."""

    event: Evaluated
    right: dict[str, Tensor]
    """split to (example,) bool: the whole answer is right"""


@torch.no_grad()
def evaluate(
    model: Transformer, run_data: RunData, splits: Sequence[str], step: int
) -> EvaluationResult:
    """Measure `splits` in evaluation mode: plain cross-entropy, exact match, and more by task."""
    model.eval()
    values: dict[str, float] = {}
    groups: dict[str, dict[str, float]] = {}
    right: dict[str, Tensor] = {}
    for name in splits:
        split = run_data.eval_split(name)
        scores = Scores.concatenate([plan.scores(model) for plan in split.plans])
        right[name] = exact_matches(scores, split.in_answer)
        for part, members in _parts(split, run_data):
            found = _measure(name, split, scores, right[name], members)
            if part is None:
                values |= found
            elif part in run_data.dataset.groups:
                groups.setdefault(part, {}).update(found)
            elif found:
                values[f"{name}_accuracy_{part}"] = found[f"{name}_accuracy"]
        values |= _of_the_task(name, split, scores, model, run_data)
    if {"train_accuracy", "val_accuracy"} <= values.keys():
        values["accuracy_gap"] = values["train_accuracy"] - values["val_accuracy"]
    return EvaluationResult(Evaluated(step=step, values=values, groups=groups), right)


def _parts(split: EvalSplit, run_data: RunData) -> Iterator[tuple[str | None, Tensor]]:
    """Named parts of a split as (example,) bool: all (None), tasks, noisy, repeated, ..."""
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
    """The chosen examples and the others, where there are both."""
    if chosen.any() and not chosen.all():
        members = torch.from_numpy(chosen).to(split.group.device)
        yield names[0], members
        yield names[1], ~members


def _measure(
    name: str, split: EvalSplit, scores: Scores, right: Tensor, members: Tensor
) -> dict[str, float]:
    mine = members[scores.example]
    if not mine.any():
        return {}
    return {
        f"{name}_loss": mean_loss(scores, split.in_loss & mine),
        f"{name}_accuracy": float(right[members].double().mean()),
        f"{name}_token_accuracy": token_accuracy(scores, split.in_answer & mine),
    }


def _of_the_task(
    name: str, split: EvalSplit, scores: Scores, model: Transformer, run_data: RunData
) -> dict[str, float]:
    """The task's own score, and bits memorized where answers are random."""
    dataset, task = run_data.dataset, run_data.preset.task
    found: dict[str, float] = {}
    if task.score_names:
        questions = questions_of(dataset, name, SCORED_ANSWERS)
        answers = ask(model, dataset, questions)
        decode = dataset.vocabulary.decode
        pairs = [
            (decode(q.target), decode(a.tokens)) for q, a in zip(questions, answers, strict=True)
        ]
        found = {f"{name}_{key}": value for key, value in task.score(pairs).items()}
    if name == "train" and dataset.answer_bits is not None:
        bits = memorized_bits(scores, split.in_answer, dataset.answer_bits)
        found |= {"memorized_bits": bits, "bits_per_parameter": bits / run_data.facts.parameters}
    return found
