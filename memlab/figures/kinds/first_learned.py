"""`first-learned`: when each training example was first answered right."""

from collections.abc import Sequence

import numpy as np

from memlab.errors import MemlabError
from memlab.figures.kind import Kind, nothing_to_draw
from memlab.figures.plot import CellGrid, FigureData, Floats
from memlab.figures.source import FigureOptions, RunSource
from memlab.preset.run_preset import preset_of
from memlab.tasks.task import ExampleTable


def first_learned(runs: Sequence[RunSource], options: FigureOptions) -> FigureData:
    """The map of a run's training examples; of two operands where the task has them."""
    (run,) = runs
    examples = run.examples
    if examples is None:
        raise nothing_to_draw(
            "first-learned", "no checkpoint records when examples were learned", [run.id]
        )
    until = examples.step if options.at is None else options.at
    known = (examples.first >= 0) & (examples.first <= until)
    first = np.where(known, examples.first, np.nan)
    table = _table(run)
    has_table = table is not None and len(table.row) == len(first)
    cells = _by_operands(first, table) if table is not None and has_table else _in_order(first)
    title = f"{run.name}: when examples were first answered right"
    note = f"{int(known.sum())} of {len(first)} training examples were right at some evaluation up to step {until:,}."
    return FigureData("first-learned", (cells,), (run.id,), title=title, note=note)


def _table(run: RunSource) -> ExampleTable | None:
    try:
        preset = preset_of(run.folder)
    except MemlabError:
        return None
    return preset.task.train_table(preset.seeds)


def _by_operands(first: Floats, table: ExampleTable) -> CellGrid:
    values = np.full(table.shape, np.nan)
    values[table.row, table.column] = first
    return _cells(values, "second operand", "first operand", "not trained on, or never right")


def _in_order(first: Floats) -> CellGrid:
    columns = int(np.ceil(np.sqrt(2 * len(first))))
    rows = -(-len(first) // columns)
    values = np.full(rows * columns, np.nan)
    values[: len(first)] = first
    return _cells(
        values.reshape(rows, columns),
        "example, in the order of the training set",
        "",
        "never right",
    )


def _cells(values: Floats, x_label: str, y_label: str, blank: str) -> CellGrid:
    known = values[np.isfinite(values)]
    log = bool(len(known)) and known.min() > 0 and known.max() > 10 * known.min()
    return CellGrid(values, x_label, y_label, "first right at step", log=log, blank=blank)


KIND = Kind(
    "first-learned", "When each training example was first right (a map).", "run", first_learned
)
