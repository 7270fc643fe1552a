"""`phase-diagram`: the learning phase of each member over two settings of a sweep.

The four phases of Liu et al. (2022, "Towards understanding grokking"). Instead of their fixed 1,000
steps, a ratio of steps separates comprehension from grokking, so that it applies to runs of any
length:

    comprehension   memorized, and generalized at less than twice the step of memorization
    grokking        generalized at twice the step of memorization or later
    memorization    memorized, not generalized
    confusion       neither
"""

import numpy as np

from memlab.figures.kind import Kind
from memlab.figures.plot import FigureData, Shares
from memlab.figures.source import FigureOptions, SweepSnapshot
from memlab.figures.sweep_grid import SweepGrid, axis_name, grids
from memlab.sweeps.outcomes import Outcome

PHASES = ("comprehension", "grokking", "memorization", "confusion", "diverged")
DELAY = 2.0
"""minimum ratio of the step of generalization to the step of memorization for grokking"""
NOTE = (
    "Each cell is divided in proportion to its seeds. Comprehension: val accuracy reaches 99 % at "
    "less than twice the step of memorization (train accuracy 99 %); grokking: later; memorization: "
    "not at all; confusion: neither."
)


def phase_diagram(source: SweepSnapshot, options: FigureOptions) -> FigureData:
    """The fraction of the seeds of each cell in each phase."""
    results = source.results()
    panels = tuple(_panel(grid) for grid in grids(source, results, options))
    title = f"{source.name}: phases"
    return FigureData("phase-diagram", panels, (source.id,), title=title, note=NOTE)


def phase_of(outcome: Outcome) -> str | None:
    """The phase of a member; None while it can still change."""
    memorized, grokked = outcome.events["memorized"], outcome.events["grokked"]
    if memorized is not None and grokked is not None:
        ratio = grokked.step / max(memorized.step, 1)
        return "grokking" if ratio >= DELAY else "comprehension"
    if outcome.state.state == "diverged":
        return "diverged"
    if outcome.state.state != "finished":
        return None
    return "confusion" if memorized is None else "memorization"


def _panel(grid: SweepGrid) -> Shares:
    counts = np.zeros((len(grid.rows), len(grid.columns), len(PHASES)), np.int64)
    texts = [[""] * len(grid.columns) for _ in grid.rows]
    for i, j, cell in grid:
        phases = [phase_of(outcome) for outcome in cell.outcomes] if cell else []
        for phase in phases:
            if phase is not None:
                counts[i, j, PHASES.index(phase)] += 1
        known = int(counts[i, j].sum())
        largest = int(counts[i, j].max(initial=0))
        texts[i][j] = f"{largest}/{known}" if known > 1 else ""
    x_label = axis_name(grid.x.key)
    y_label = axis_name(grid.y.key) if grid.y else ""
    return Shares(
        counts, PHASES, x_label, y_label, grid.columns, grid.rows, tuple(map(tuple, texts))
    )


KIND = Kind(
    "phase-diagram", "Comprehension, grokking, memorization, confusion over two settings.",
    "sweep", phase_diagram,
)  # fmt: skip
