"""Batch plans of a run's updates, prepared ahead."""

from memlab.training.batches import Batches
from memlab.training.engines.engine import BatchPlan, Engine

EXAMPLES_AHEAD = 512
"""approximate number of examples planned at once: planning one update at a time takes three times
as long because of cold caches"""


class UpdatePlans:
    """The prepared batch of each update: one plan, or several if it is computed in parts.

    Args:
        form: the engine that creates the plans.
        batches: chooses the examples of each update.
        part: examples per forward pass; None = the whole batch.
    """

    def __init__(self, engine: Engine, batches: Batches, part: int | None = None) -> None:
        self._form, self._batches, self._part = engine, batches, part or batches.size
        self.in_a_row = 1 if batches.whole else max(1, EXAMPLES_AHEAD // batches.size)
        self._made: dict[tuple[int, int], list[BatchPlan]] = {}
        self._whole = engine.parts(self._part) if batches.whole else None

    def at(self, step: int, steps: int) -> list[BatchPlan]:
        """The plans of update `step` (from 1) of `steps`."""
        if self._whole is not None:
            return self._whole
        if (step, steps) not in self._made:
            row = range(step, step + self.in_a_row)
            batches = {(s, steps): self._batches.at(s, steps) for s in row}
            self._made = {
                key: self._form.parts(self._part, index) for key, index in batches.items()
            }
        return self._made[step, steps]
