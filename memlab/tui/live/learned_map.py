"""The map of the training examples: which evaluation first found each of them right.

It comes from the newest checkpoint, so a live map is as old as that; in a replay, where all is
known, it is that of the cursor's step.
"""

from functools import cached_property
from typing import final

import numpy as np

from memlab.charts import Tiles
from memlab.errors import MemlabError
from memlab.preset.run_preset import preset_of
from memlab.record.example_history import MAX_EXAMPLES, ExampleHistory, newest_example_history
from memlab.record.folder import RunFolder
from memlab.tasks.modular import Modular
from memlab.tasks.operations import OperationTable

NAME = "first learned"


@final
class LearnedMap:
    """Follows the checkpoints of a run; each is read once, when the map is first drawn from it."""

    def __init__(self, folder: RunFolder) -> None:
        self._folder = folder
        self._newest: int | None = None
        self._learned: ExampleHistory | None = None

    def known(self, step: int) -> tuple[int | None, int]:
        """The newest checkpoint, and up to which step the map at a step goes: equal = same map."""
        steps = self._folder.checkpoints.steps()
        if steps and steps[-1] != self._newest:
            self._newest, self._learned = steps[-1], newest_example_history(self._folder)
        return self._newest, min(step, self._learned.step) if self._learned else 0

    def until(self, step: int) -> Tiles:
        """What had been learned by a step, as far as it is known."""
        _, step = self.known(step)
        if self._learned is None:
            return Tiles(np.empty(0), instead=_why_not(self._folder))
        first = self._learned.first
        known = np.where((first >= 0) & (first <= step), first, np.inf)
        by = f"by step {step:,}"
        table = self._table
        if table is None or len(table) != len(known):
            return Tiles(known, caption=f"in order, {by}")
        n = len(table.elements)
        return Tiles(
            known, table.a, table.b, (n, n), caption=f"a ↓ b →, {by}", blank="not trained on"
        )

    @cached_property
    def _table(self) -> OperationTable | None:
        """The operands of each example, where examples have two."""
        try:
            preset = preset_of(self._folder)
        except MemlabError:
            return None
        return preset.task.train_table(preset.seeds) if isinstance(preset.task, Modular) else None


def _why_not(folder: RunFolder) -> str:
    check = folder.description.get("check", {})
    if check.get("examples", {}).get("train", 0) > MAX_EXAMPLES:
        return f"not followed: more than {MAX_EXAMPLES:,} training examples"
    if folder.checkpoints.steps():
        return "no checkpoint tells when examples were learned"
    return "comes with the first checkpoint (C makes one)"
