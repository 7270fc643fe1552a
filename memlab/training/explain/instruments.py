"""Measurements of weights, moments and answers from the start of the window to the peak of a spike."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor

from memlab.preset.learning_rate import learning_rate
from memlab.preset.schedule import total_steps
from memlab.training.engines.engine import BatchPlan
from memlab.training.explain.trial import StartState
from memlab.training.explain.window import Window
from memlab.training.run_data import RunData
from memlab.training.state import TrainState
from memlab.training.step import update

MOST_EXAMPLES = 8
"""maximum number of examples that are reported as the first wrong ones"""


@dataclass
class TensorSeries:
    """Per step: 2-norms of one parameter, and its contribution to the change of the loss."""

    gradient: list[float] = field(default_factory=list)
    weight: list[float] = field(default_factory=list)
    """norm before the update"""
    update: list[float] = field(default_factory=list)
    moment_ratio: list[float] = field(default_factory=list)
    """mean squared gradient divided by the mean bias-corrected second moment of Adam, after the update:
    near 1 while gradients have their usual size, large when the second moment lags behind"""
    attribution: list[float] = field(default_factory=list)
    """dot product of gradient and update: first-order change of the loss, nats"""


@dataclass
class Instruments:
    """Measurements at every step from the start of the window to the peak."""

    first: int
    tensors: dict[str, TensorSeries] = field(default_factory=dict)
    true_change: list[float] = field(default_factory=list)
    """loss of the batch after the update minus its loss before the update, nats"""
    largest_logit: list[float] = field(default_factory=list)
    least_margin: list[float] = field(default_factory=list)
    """smallest margin (logit of the target minus largest other logit); below 0 = wrong"""
    median_margin: list[float] = field(default_factory=list)
    wrong: list[int] = field(default_factory=list)
    """number of wrong targets"""
    first_wrong: list[dict[str, Any]] = field(default_factory=list)
    """examples of the first step with more wrong targets: step, prompt, target, answer"""

    def to_json(self, onset: int) -> dict[str, Any]:
        """Values before and at the peak, and sums from the onset to the peak."""
        since = max(0, onset - self.first)
        return {
            "from": self.first,
            "to": self.first + len(self.true_change) - 1,
            "tensors": {
                name: {
                    "grad_norm": [series.gradient[0], max(series.gradient)],
                    "weight_norm": [series.weight[0], series.weight[-1]],
                    "update_norm": [series.update[0], max(series.update)],
                    "moment_ratio": [series.moment_ratio[0], max(series.moment_ratio)],
                    "attribution": sum(series.attribution[since:]),
                }
                for name, series in self.tensors.items()
            },
            "loss_change": {
                "true": sum(self.true_change[since:]),
                "attributed": sum(sum(t.attribution[since:]) for t in self.tensors.values()),
            },
            "largest_logit": [self.largest_logit[0], max(self.largest_logit)],
            "least_margin": [self.least_margin[0], min(self.least_margin)],
            "median_margin": [self.median_margin[0], min(self.median_margin)],
            "wrong_targets": [self.wrong[0], max(self.wrong)],
            "first_wrong": self.first_wrong,
        }


def measure(state: TrainState, run_data: RunData, start: StartState, window: Window) -> Instruments:
    """Recompute the steps from `start` to the peak of the spike with all measurements."""
    start.restore(state)
    instruments = Instruments(start.step + 1)
    while state.step < window.spike.peak_step:
        steps = total_steps(state.preset, run_data.batches.per_epoch)
        plans = run_data.plans.at(state.step + 1, steps)
        _record_answers(instruments, state, run_data, plans, steps)
        before = [p.detach().clone() for p in state.model.parameters()]
        loss = _loss(state, plans)
        update(state, run_data, learning_rate(state.preset.optimizer, state.step + 1, steps), steps)
        instruments.true_change.append(_loss(state, plans) - loss)
        _record_tensors(instruments, state, before)
    return instruments


@torch.no_grad()
def _loss(state: TrainState, plans: list[BatchPlan]) -> float:
    """The objective on a batch, softmax in float64, without dropout."""
    state.model.eval()
    smoothing = state.preset.training.label_smoothing
    total = sum(plan.n_targets for plan in plans)
    losses = [
        float(plan.loss(state.model, smoothing, torch.float64)) * plan.n_targets for plan in plans
    ]
    return float(sum(losses) / total)


@torch.no_grad()
def _record_answers(
    instruments: Instruments,
    state: TrainState,
    run_data: RunData,
    plans: list[BatchPlan],
    steps: int,
) -> None:
    """Record logits, margins and the first wrong examples, on the batch of the next update."""
    state.model.eval()
    margins: list[Tensor] = []
    largest, wrong = 0.0, []
    for i, plan in enumerate(plans):
        logits = plan.target_logits(state.model)
        target = logits.gather(1, plan.targets.unsqueeze(1)).squeeze(1)
        others = logits.scatter(1, plan.targets.unsqueeze(1), -torch.inf)
        highest, answer = others.max(dim=1)
        margins.append(target - highest)
        largest = max(largest, float(logits.max()))
        for k in (target < highest).nonzero().flatten().tolist():
            at = sum(p.n_examples for p in plans[:i]) + int(plan.example[k])
            wrong.append((at, int(plan.position[k]), int(answer[k])))
    margin = torch.cat(margins)
    instruments.largest_logit.append(largest)
    instruments.least_margin.append(float(margin.min()))
    instruments.median_margin.append(float(margin.median()))
    instruments.wrong.append(len(wrong))
    if len(wrong) > instruments.wrong[0] and not instruments.first_wrong:
        index = run_data.batches.at(state.step + 1, steps)
        for at, position, answer_id in wrong[:MOST_EXAMPLES]:
            example = at if index is None else int(index[at])
            instruments.first_wrong.append(
                {"step": state.step + 1} | _example(run_data, example, position, answer_id)
            )


def _example(run_data: RunData, example: int, position: int, answer: int) -> dict[str, Any]:
    """Prompt, target and answer of one prediction as text."""
    tokens = [int(token) for token in run_data.facts.train.tokens[example]]
    decode = run_data.dataset.vocabulary.decode
    return {
        "prompt": decode(tokens[: position + 1]),
        "target": decode([tokens[position + 1]]),
        "answer": decode([answer]),
    }


@torch.no_grad()
def _record_tensors(instruments: Instruments, state: TrainState, before: list[Tensor]) -> None:
    """Record norms, moments and attribution of every parameter, right after an update."""
    names = (name for name, _ in state.model.named_parameters())
    for name, parameter, old in zip(names, state.model.parameters(), before, strict=True):
        series = instruments.tensors.setdefault(name, TensorSeries())
        gradient = torch.zeros_like(parameter) if parameter.grad is None else parameter.grad
        added = parameter - old
        series.gradient.append(float(gradient.norm()))
        series.weight.append(float(old.norm()))
        series.update.append(float(added.norm()))
        series.attribution.append(float((gradient.double() * added.double()).sum()))
        series.moment_ratio.append(_moment_ratio(state, parameter, gradient))


def _moment_ratio(state: TrainState, parameter: Tensor, gradient: Tensor) -> float:
    """See `TensorSeries.moment_ratio`; NaN for optimizers without a second moment."""
    moments = state.optimizer.state.get(parameter, {})
    if "exp_avg_sq" not in moments:
        return float("nan")
    beta2 = _beta2(state, parameter)
    corrected = float(moments["exp_avg_sq"].double().mean()) / (1 - beta2 ** float(moments["step"]))
    return float(gradient.double().square().mean()) / corrected if corrected > 0 else float("nan")


def _beta2(state: TrainState, parameter: Tensor) -> float:
    groups: Iterator[dict[str, Any]] = iter(state.optimizer.param_groups)
    return float(next(g["betas"][1] for g in groups if any(p is parameter for p in g["params"])))
