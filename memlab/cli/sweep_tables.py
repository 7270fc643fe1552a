"""Results of a sweep as tables for a terminal, and its members as CSV."""

import csv
import sys
from collections.abc import Sequence

from rich.text import Text

from memlab.cli.output import number, stdout, table
from memlab.record.safe_text import safe_text
from memlab.sweeps.columns import member_columns
from memlab.sweeps.footer import footer_lines
from memlab.sweeps.statistics import FinalValues
from memlab.sweeps.tables import CellResult, Results

SHOWN = ("val_accuracy", "val_loss")
"""default measures"""


def print_results(results: Results, measures: Sequence[str] | None = None) -> None:
    """Print one row per cell, then the failures, then the footer."""
    chosen = list(measures or (name for name in SHOWN if name in results.measures))
    headers = ["cell", *results.events, *chosen]
    rows = [
        [
            cell.cell.label or "all",
            *(_event(cell, event) for event in results.events),
            *(_final(cell.final(name)) for name in chosen),
        ]
        for cell in results.cells
    ]
    console = stdout()
    title = f"{results.sweep.name} ({results.sweep.id}): {results.status}"
    console.print(Text(safe_text(title), style="bold"))
    shown = table(headers, rows)
    if max(map(len, (row[0] for row in rows))) > console.width // 2:
        shown.columns[0].no_wrap = False  # else no other column has room
    console.print(shown)
    for state in results.states:
        if state.state == "failed":
            console.print(Text(safe_text(f"{state.member.run} failed: {state.reason}", limit=400)))
    console.print()
    for line in footer_lines(results):
        console.print(Text(safe_text(line, limit=400), style="dim"))


def _event(cell: CellResult, event: str) -> str:
    """For example `4/5, median 4,100 (2,900 to >20,000), 1 diverged`."""
    ended = [state.state for state in cell.states]
    early = [f"{ended.count(s)} {s}" for s in ("diverged", "stopped") if s in ended]
    return ", ".join([str(cell.event(event)), *early])


def _final(values: FinalValues) -> str:
    if not values.n:
        return "-"
    if values.n == 1:
        return f"{number(values.mean)} (n=1)"
    spread = f"[{number(values.min)}, {number(values.max)}]"
    return f"{number(values.mean)} ± {number(values.std, 2)} {spread} (n={values.n})"


def print_csv(results: Results) -> None:
    """One row per member, see `member_columns`."""
    columns = member_columns(results)
    out = csv.writer(sys.stdout)
    out.writerow(columns)
    out.writerows(zip(*columns.values(), strict=True))
