"""The data of a run, prepared on a device."""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from memlab.preset.facts import facts
from memlab.preset.schema import Preset
from memlab.preset.size import EVAL_BATCH, products
from memlab.preset.targets import targets
from memlab.tasks.task import Dataset, Examples
from memlab.training.batches import Batches
from memlab.training.engines.choose import Choice, choose
from memlab.training.engines.engine import BatchPlan, Sequences
from memlab.training.update_plans import UpdatePlans


@dataclass(frozen=True)
class EvalSplit:
    """A split prepared for evaluation, with a target at every token of the loss or of the answer."""

    name: str
    plans: list[BatchPlan]
    """consecutive parts of the split, of at most `EVAL_BATCH` examples"""
    in_loss: Tensor
    """(target,) bool: counts towards the loss"""
    in_answer: Tensor
    """(target,) bool: belongs to the answer"""
    group: Tensor
    """(example,) index into `Dataset.groups`"""


class RunData:
    """Everything that follows from the preset alone; it is computed again when a run is resumed."""

    def __init__(self, preset: Preset, device: torch.device) -> None:
        self.preset, self.device = preset, device
        self.facts = facts(preset)
        self.dataset: Dataset = self.facts.dataset
        self.batches = Batches(self.facts, preset.seeds)
        self.choice: Choice = choose(
            preset.training.engine,
            self._sequences(self.facts.train, self.facts.target),
            preset.model,
            batch_size=preset.training.micro_batch_size or self.facts.batch_size,
        )
        self.plans = UpdatePlans(self.choice.engine, self.batches, preset.training.micro_batch_size)
        self._eval_splits: dict[str, EvalSplit] = {}

    @property
    def flop(self) -> float:
        """Floating point operations of the matrix products of an update, forward and backward."""
        plans = self.plans.at(1, self.facts.updates)
        d_vocab = len(self.dataset.vocabulary)
        return sum(products(self.preset.model, d_vocab, plan.row_counts) for plan in plans)

    def eval_split(self, name: str) -> EvalSplit:
        """The split `name` for evaluation, prepared on first use."""
        if name not in self._eval_splits:
            self._eval_splits[name] = self._prepare(name)
        return self._eval_splits[name]

    def _prepare(self, name: str) -> EvalSplit:
        examples = self.dataset.splits[name]
        # All (example, position): the token after each position, or -1.
        loss = targets(examples, self.dataset.vocabulary, self.preset.training.loss_on)
        answer = np.where(examples.answer[:, 1:], examples.tokens[:, 1:], -1)
        either = np.where(loss >= 0, loss, answer)
        # Dropout is off in evaluation, so prefixes can be shared regardless of the training engine.
        settings = self.preset.model.model_copy(update={"dropout": 0.0})
        kind = "auto" if self.preset.training.engine == "tree" else self.preset.training.engine
        choice = choose(kind, self._sequences(examples, either), settings, batch_size=None)
        rows, positions = np.nonzero(either >= 0)  # (target,), in the order of `Scores`
        return EvalSplit(
            name=name,
            plans=choice.engine.parts(EVAL_BATCH),
            in_loss=self._put(loss[rows, positions] >= 0),
            in_answer=self._put(answer[rows, positions] >= 0),
            group=self._put(examples.group),
        )

    def _sequences(self, examples: Examples, target: NDArray[np.int64]) -> Sequences:
        return Sequences(examples.tokens, target, self.device)

    def _put(self, array: NDArray[np.generic]) -> Tensor:
        return torch.from_numpy(np.ascontiguousarray(array)).to(self.device)
