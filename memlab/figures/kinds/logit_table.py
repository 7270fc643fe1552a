"""`logit-table`: the logit margin of each problem of an operation table."""

import numpy as np

from memlab.figures.kind import Kind, nothing_to_draw
from memlab.figures.plot import CellGrid, FigureData
from memlab.figures.source import FigureOptions
from memlab.record.model_pictures import ModelPictures


def logit_table(pictures: ModelPictures, options: FigureOptions) -> FigureData:
    """The logit of the answer minus the largest other logit, by the two operands."""
    known = pictures.margins[np.isfinite(pictures.margins)]
    if not len(known):
        why = "the task has no table of two operands and one answer token"
        raise nothing_to_draw("logit-table", why, [pictures.run])
    cells = CellGrid(
        pictures.margins,
        "second operand",
        "first operand",
        "logit of the answer minus the largest other",
        blank="no problem",
    )
    title = f"{pictures.run}: logits at step {pictures.step:,}"
    note = f"{np.mean(known > 0):.1%} of {len(known):,} problems are answered correctly (above 0)."
    return FigureData("logit-table", (cells,), (pictures.run,), title=title, note=note)


KIND = Kind(
    "logit-table", "Logit margin of every problem, a x b (--at STEP).", "model", logit_table
)
