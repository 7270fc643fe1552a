"""The table below the comparison: each run with its colour, its value, and the settings that differ."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import final

from textual.content import Content

from memlab.charts.theme import RGB
from memlab.record.safe_text import safe_text
from memlab.record.settings_diff import settings_diff, shown_setting
from memlab.tui.compare.curves import Compared, XAxis
from memlab.tui.names import start_and_end, what_differs
from memlab.tui.safe_content import safe
from memlab.tui.table import Column, Table

MIN_NAME = 26
"""Minimum width of the names."""


@final
@dataclass(frozen=True, eq=False)
class ComparedRows:
    """The data of the table."""

    runs: Sequence[Compared]
    colours: Mapping[str, RGB]
    """by key of a run"""
    glyphs: Mapping[str, str]
    """by key of a run, the glyph of its curve where there are no colours"""
    measure: str
    axis: XAxis
    reading: float | None
    """position of the cursor on the x axis; None = the last values"""


@final
class RunTable(Table):
    """One row per run in the comparison."""

    def list_runs(self, rows: ComparedRows) -> None:
        """Show the runs."""
        runs = rows.runs
        keys = settings_diff((run.preset, run.settings) for run in runs)
        width = max(MIN_NAME, self.app.size.width // 4)
        names = what_differs([run.name for run in runs], width - 2)
        columns = [
            Column("run", "run", width),
            Column("value", safe_text(rows.measure, 24), 12, "right"),
            *(
                _setting(key, [shown_setting(run.settings.get(key)) for run in runs])
                for key in keys
            ),
            Column("memorized", "memorized", 10, "right"),
            Column("grokked", "grokked", 8, "right"),
        ]

        def cells(row: int) -> list[Content]:
            run = runs[row]
            r, g, b = rows.colours[run.key]
            glyph = rows.glyphs.get(run.key, "▬")
            value = run.value(rows.measure, rows.axis, rows.reading)
            return [
                Content.assemble(
                    (f"{glyph} ", f"rgb({r},{g},{b})"), start_and_end(names[row], width - 2)
                ),
                Content("–" if value is None else f"{value:.4g}"),
                *(safe(shown_setting(run.settings.get(key))) for key in keys),
                _count(run.memorized),
                _count(run.grokked),
            ]

        self.show(columns, len(runs), cells, fixed=1)


def _setting(key: str, values: Sequence[str]) -> Column:
    title = safe_text(key.rpartition(".")[2], 20)
    widest = min(max(map(len, values)), 16)
    return Column(key, title, max(len(title), widest, 6), "right")


def _count(n: int | None) -> Content:
    return Content("–" if n is None else f"{n:,}")
