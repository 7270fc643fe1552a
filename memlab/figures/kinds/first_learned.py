"""`first-learned`: the step at which each training example was first answered correctly."""

from collections.abc import Sequence

import numpy as np

from memlab.errors import MemlabError
from memlab.figures.example_grid import example_grid
from memlab.figures.kind import Kind, nothing_to_draw
from memlab.figures.plot import CellGrid, FigureData, Floats
from memlab.figures.source import FigureOptions, RunSource
from memlab.preset.run_preset import preset_of
from memlab.tasks.task import ExampleTable


def first_learned(runs: Sequence[RunSource], options: FigureOptions) -> FigureData:
    """A map of the training examples, by the two operands if the task has a table."""
    (run,) = runs
    examples = run.examples
    if examples is None:
        raise nothing_to_draw(
            "first-learned", "no checkpoint has the steps at which examples were learned", [run.id]
        )
    until = examples.step if options.at is None else options.at
    known = (examples.first >= 0) & (examples.first <= until)
    first = np.where(known, examples.first, np.nan)
    table = _table(run)
    if table is not None and len(table.row) == len(first):
        values = example_grid(first, table.row, table.column, table.shape)
        cells = _cells(
            values, "second operand", "first operand", "not trained on, or never correct"
        )
    else:
        x_label = "example, in the order of the training set"
        cells = _cells(example_grid(first), x_label, "", "never correct")
    title = f"{run.name}: first correct answers"
    note = (
        f"{int(known.sum())} of {len(first)} training examples were answered correctly at some "
        f"evaluation up to step {until:,}."
    )
    return FigureData("first-learned", (cells,), (run.id,), title=title, note=note)


def _table(run: RunSource) -> ExampleTable | None:
    try:
        preset = preset_of(run.folder)
    except MemlabError:
        return None
    return preset.task.train_table(preset.seeds)


def _cells(values: Floats, x_label: str, y_label: str, blank: str) -> CellGrid:
    known = values[np.isfinite(values)]
    log = bool(len(known)) and known.min() > 0 and known.max() > 10 * known.min()
    return CellGrid(values, x_label, y_label, "first correct at step", log=log, blank=blank)


KIND = Kind(
    "first-learned",
    "Map of the steps at which training examples were first correct.",
    "run",
    first_learned,
)
