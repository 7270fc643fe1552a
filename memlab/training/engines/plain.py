"""The plain engine: computes every position of every example with `Transformer.forward`."""

from torch import Tensor

from memlab.models.transformer import Transformer
from memlab.preset.size import RowCounts
from memlab.training.engines.engine import BatchPlan, Engine, Integers, Sequences


class PlainPlan(BatchPlan):
    """A batch computed in full."""

    rows = None

    def __init__(self, batch: Sequences) -> None:
        super().__init__(batch)
        self.inputs = batch.put(batch.tokens[:, :-1])

    @property
    def row_counts(self) -> RowCounts:
        """Every position of every example, in every block."""
        return RowCounts.every_position(*self.inputs.shape)

    def logits(self, model: Transformer) -> Tensor:
        """(target, d_vocab), selected from the logits of all positions."""
        logits: Tensor = model(self.inputs)
        return logits[self.example, self.position]


class Plain(Engine):
    """Computes every position; the reference for the other engines."""

    def batch(self, index: Integers | None = None) -> PlainPlan:
        return PlainPlan(self.sequences.take(index))
