"""All measures of a run as a grid of charts with one x axis and one reading cursor."""

from dataclasses import dataclass, replace
from typing import Self, final

from textual.containers import Grid

from memlab.record.safe_text import safe_text
from memlab.tui.live import curves
from memlab.tui.live.chart_panel import ChartPanel
from memlab.tui.live.curves import ChartOf
from memlab.tui.live.view_state import ViewState

MAX_SIZE = 6
"""Maximum number of rows and columns."""


@final
@dataclass(frozen=True)
class GridChoice:
    """Size of the grid, and the measures it shows."""

    rows: int = 2
    columns: int = 2
    words: str = ""
    """charts whose name, or that of one of their curves, contains all of these words"""
    page: int = 0

    @classmethod
    def read(cls, text: str | None) -> Self:
        """Parse a stored choice; the default for any other text."""
        size, _, words = (text or "").partition(" ")
        rows, _, columns = size.partition("x")
        if not (rows in _SIZES and columns in _SIZES):
            return cls()
        return cls(int(rows), int(columns), words)

    def __str__(self) -> str:
        return f"{self.rows}x{self.columns} {self.words}"

    def sized(self, rows: int, columns: int) -> Self:
        """With more or fewer rows and columns, within bounds."""
        fit = (min(max(n, 1), MAX_SIZE) for n in (self.rows + rows, self.columns + columns))
        return replace(self, rows=next(fit), columns=next(fit), page=0)

    def turned(self, by: int, n: int) -> Self:
        """Another page, among the pages that `n` charts fill."""
        pages = max(-(-n // (self.rows * self.columns)), 1)
        return replace(self, page=(self.page + by) % pages)

    def shown(self, names: list[str]) -> list[str]:
        """The names on the current page."""
        size = self.rows * self.columns
        return names[self.page * size :][:size]

    def passes(self, text: str) -> bool:
        """Whether a text contains all words."""
        return all(word in text.lower() for word in self.words.lower().split())


_SIZES = {str(n) for n in range(1, MAX_SIZE + 1)}


@final
class ChartGrid(Grid):
    """One chart panel per row and column."""

    def __init__(self, choice: GridChoice) -> None:
        super().__init__(id="grid", classes="column")
        self.choice = choice

    def fill(self, view_state: ViewState) -> None:
        """Assign each panel its measure; as many panels as the page has measures."""
        charts = all_charts(view_state)
        names = self.choice.shown(_filtered(view_state, self.choice))
        panels = list(self.query(ChartPanel))
        self.styles.grid_size_columns, self.styles.grid_size_rows = (
            self.choice.columns,
            self.choice.rows,
        )
        for panel in panels[len(names) :]:
            panel.remove()
        for i, name in enumerate(names):
            if i < len(panels):
                panels[i].choose(name, charts[name])
            else:
                y_log = curves.is_log(view_state, name)
                panel = ChartPanel(name, charts[name], y_log=y_log, id=f"chart-{i}")
                panel.view_state = view_state
                self.mount(panel)

    def problem(self, view_state: ViewState, words: str) -> str | None:
        """What is wrong with a filter: no chart has its words in its name."""
        if _filtered(view_state, replace(self.choice, words=words)):
            return None
        listed = safe_text(", ".join(all_charts(view_state)), 300)
        return f"no chart has '{safe_text(words, 40)}' in its name; there are: {listed}"

    def turn(self, by: int, view_state: ViewState) -> None:
        self.choice = self.choice.turned(by, len(_filtered(view_state, self.choice)))
        self.fill(view_state)


def _filtered(view_state: ViewState, choice: GridChoice) -> list[str]:
    """The charts that pass the filter."""
    return [
        name
        for name in all_charts(view_state)
        if choice.passes(name) or any(map(choice.passes, curves.members(view_state, name)))
    ]


def all_charts(view_state: ViewState) -> dict[str, ChartOf]:
    """Every chart of a run by name, loss and accuracy first."""
    charts: dict[str, ChartOf] = {"loss": curves.loss}
    if curves.has_accuracy(view_state.run):
        charts["accuracy"] = curves.accuracy
    return charts | curves.measures(view_state)
