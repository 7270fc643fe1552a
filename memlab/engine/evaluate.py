"""Judging a model: losses and accuracies of each split, and of each task of a mixture."""

from collections.abc import Sequence

import torch
from torch import Tensor

from memlab.engine.material import JudgedSplit, Material
from memlab.measures.accuracy import exact_matches, token_accuracy
from memlab.measures.loss import mean_loss
from memlab.measures.scores import Scores
from memlab.models.transformer import Transformer
from memlab.record.events import Evaluated


@torch.no_grad()
def evaluate(model: Transformer, material: Material, splits: Sequence[str], step: int) -> Evaluated:
    """Score `splits` in evaluation mode: plain cross-entropy, exact match, token accuracy."""
    model.eval()
    values: dict[str, float] = {}
    groups: dict[str, dict[str, float]] = {}
    names = material.dataset.groups
    for name in splits:
        split = material.judged(name)
        scores = Scores.concatenate([plan.scores(model) for plan in split.plans])
        everything = torch.ones_like(split.group, dtype=torch.bool)
        values |= _measure(name, split, scores, everything)
        for i, group in enumerate(names if len(names) > 1 else ()):
            members = split.group == i
            if members.any():
                groups.setdefault(group, {}).update(_measure(name, split, scores, members))
    return Evaluated(step=step, values=values, groups=groups)


def _measure(name: str, split: JudgedSplit, scores: Scores, members: Tensor) -> dict[str, float]:
    mine = members[split.example]
    matches = exact_matches(scores, split.in_answer, split.example, len(members))
    return {
        f"{name}_loss": mean_loss(scores, split.in_loss & mine),
        f"{name}_accuracy": float(matches[members].double().mean()),
        f"{name}_token_accuracy": token_accuracy(scores, split.in_answer & mine),
    }
