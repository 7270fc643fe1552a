"""`heatmap`: a measure, or the steps to an event, over two settings of a sweep."""

import numpy as np

from memlab.charts.scale import short
from memlab.errors import MemlabError
from memlab.figures import run_curves
from memlab.figures.kind import Kind
from memlab.figures.plot import CellGrid, FigureData
from memlab.figures.source import FigureOptions, SweepSnapshot
from memlab.figures.sweep_grid import SweepGrid, axis_name, grids
from memlab.sweeps.tables import CellResult, Results


def heatmap(source: SweepSnapshot, options: FigureOptions) -> FigureData:
    """Median of the final values of a measure, or of the steps to an event, per cell of a sweep."""
    name = options.measure or _default(source.results())
    is_event = name in source.results().events or any(sign in name for sign in "<>")
    results = source.results_with(name) if is_event else source.results()
    if not is_event and name not in results.measures:
        allowed = ", ".join([*results.events, *results.measures])
        raise MemlabError("the sweep has no such measure", found=name, allowed=allowed)
    panels = tuple(cell_grid(g, name, is_event=is_event) for g in grids(source, results, options))
    what = f"steps to {name}" if is_event else run_curves.label(name)
    return FigureData(
        "heatmap", panels, (source.id,), title=f"{source.name}: {what}", note=_note(name, is_event)
    )


def _default(results: Results) -> str:
    reached = any(cell.event("grokked").reached for cell in results.cells)
    accuracy = "val_accuracy" if "val_accuracy" in results.measures else "train_accuracy"
    return "grokked" if reached or not results.measures else accuracy


def _note(name: str, is_event: bool) -> str:
    if is_event:
        return (
            "Kaplan-Meier median over seeds, in steps; below it, how many seeds reached the event. "
            "Hatched: fewer than half reached it, so the number is a lower bound."
        )
    return "Median over the finished seeds, and their number."


def cell_grid(grid: SweepGrid, name: str, *, is_event: bool) -> CellGrid:
    """Median of a measure, or of the steps to an event, per cell; lower bounds are hatched."""
    shape = (len(grid.rows), len(grid.columns))
    values, bound = np.full(shape, np.nan), np.zeros(shape, np.bool_)
    texts = [[""] * shape[1] for _ in range(shape[0])]
    for i, j, cell in grid:
        if cell is not None and cell.outcomes:
            cell_value = _steps(cell, name) if is_event else _final(cell, name)
            values[i, j], bound[i, j], texts[i][j] = cell_value
    known = values[np.isfinite(values)]
    is_share = "accuracy" in name and not is_event
    is_wide = len(known) and known.min() > 0 and known.max() > 5 * known.min()
    return CellGrid(
        values,
        axis_name(grid.x.key),
        axis_name(grid.y.key) if grid.y else "",
        f"steps to {name}" if is_event else run_curves.label(name),
        grid.columns,
        grid.rows,
        tuple(map(tuple, texts)),
        bound,
        log=bool(is_wide) and not is_share,
        low=0.0 if is_share else None,
        high=1.0 if is_share else None,
        blank="no run",
        title=grid.title,
    )


def _steps(cell: CellResult, name: str) -> tuple[float, bool, str]:
    """Value, whether it is a lower bound, text."""
    steps = cell.event(name)
    counts = f"{steps.reached}/{steps.of}"
    if steps.median is not None:
        return steps.median, False, f"{short(steps.median)}\n{counts}"
    bound = float(steps.censored_at or np.nan)
    return bound, True, f">{short(bound)}\n{counts}"


def _final(cell: CellResult, name: str) -> tuple[float, bool, str]:
    final = cell.final(name)
    if final.median is None:
        return np.nan, False, ""
    return final.median, False, f"{final.median:.3g}\nn = {final.n}"


KIND = Kind("heatmap", "A measure, or steps to an event, over two settings.", "sweep", heatmap)
