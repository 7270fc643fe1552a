"""Batch plans of the updates of a run, prepared several at a time."""

from memlab.training.batches import Batches
from memlab.training.engines.engine import BatchPlan, Engine

EXAMPLES_AHEAD = 512
"""approximate number of examples planned at once: planning one update at a time takes three times
as long because of cold caches"""


class UpdatePlans:
    """The prepared batch of each update: one plan, or several with micro-batches.

    Args:
        engine: creates the plans.
        batches: chooses the examples of each update.
        micro_batch: examples per forward pass; None = the whole batch.
    """

    def __init__(self, engine: Engine, batches: Batches, micro_batch: int | None = None) -> None:
        self._engine, self._batches = engine, batches
        self._micro_batch = micro_batch or batches.size
        self.updates_at_once = 1 if batches.whole else max(1, EXAMPLES_AHEAD // batches.size)
        """number of updates that are planned together"""
        self._plans: dict[tuple[int, int], list[BatchPlan]] = {}
        """(step, steps) to plans"""
        self._whole = engine.parts(self._micro_batch) if batches.whole else None

    def at(self, step: int, steps: int) -> list[BatchPlan]:
        """The plans of update `step` (from 1) of `steps`."""
        if self._whole is not None:
            return self._whole
        if (step, steps) not in self._plans:
            planned = range(step, step + self.updates_at_once)
            batches = {(s, steps): self._batches.at(s, steps) for s in planned}
            self._plans = {
                key: self._engine.parts(self._micro_batch, index) for key, index in batches.items()
            }
        return self._plans[step, steps]
