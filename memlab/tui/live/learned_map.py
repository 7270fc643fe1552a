"""The map of the training examples: when each was first answered correctly.

It is read from the newest checkpoint, so the map of a live run lags behind; in a replay it is that of
the cursor's step.
"""

from functools import cached_property
from typing import TYPE_CHECKING, final

import numpy as np

from memlab.charts import Tiles
from memlab.errors import MemlabError
from memlab.record.example_history import MAX_EXAMPLES, ExampleHistory, newest_example_history
from memlab.record.folder import RunFolder

if TYPE_CHECKING:
    from memlab.tasks.task import ExampleTable

FIRST_LEARNED = "first learned"


@final
class LearnedMap:
    """Follows the checkpoints of a run; each is read once, when the map first needs it."""

    def __init__(self, folder: RunFolder) -> None:
        self._folder = folder
        self._newest: int | None = None
        self._history: ExampleHistory | None = None

    def version(self, step: int) -> tuple[int | None, int]:
        """The newest checkpoint, and the last step of the map; equal values mean equal maps."""
        steps = self._folder.checkpoints.steps()
        if steps and steps[-1] != self._newest:
            self._newest, self._history = steps[-1], newest_example_history(self._folder)
        return self._newest, min(step, self._history.step) if self._history else 0

    def until(self, step: int) -> Tiles:
        """When examples were learned, up to a step, according to the newest checkpoint."""
        _, step = self.version(step)
        if self._history is None:
            return Tiles(np.empty(0), instead=_why_not(self._folder))
        first = self._history.first
        learned = np.where((first >= 0) & (first <= step), first, np.inf)
        table = self._table
        if table is None or len(table.row) != len(learned):
            return Tiles(learned, caption=f"in order, by step {step:,}")
        return Tiles(
            learned,
            table.row,
            table.column,
            table.shape,
            caption=f"{table.axes}, by step {step:,}",
            blank="not trained on",
        )

    @cached_property
    def _table(self) -> "ExampleTable | None":
        """Positions of the examples in the task's table, if it has one."""
        # The schema takes a fifth of a second to load; most pictures need none.
        from memlab.preset.run_preset import preset_of

        try:
            preset = preset_of(self._folder)
        except MemlabError:
            return None
        return preset.task.train_table(preset.seeds)


def _why_not(folder: RunFolder) -> str:
    if folder.facts.train_examples > MAX_EXAMPLES:
        return f"not recorded: more than {MAX_EXAMPLES:,} training examples"
    if folder.checkpoints.steps():
        return "no checkpoint records when examples were learned"
    return "available after the first checkpoint (C saves one)"
