"""The table of a sweep's cells: members, steps to events, final values."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar, Self, final

from textual.binding import BindingType
from textual.content import Content

from memlab.charts.scale import short
from memlab.figures.sweep_grid import axis_name, value_text
from memlab.record.safe_text import safe_text
from memlab.sweeps.progress import MemberState
from memlab.sweeps.statistics import FinalValues, StepsToEvent
from memlab.sweeps.tables import CellResult, Results
from memlab.tui.safe_content import safe
from memlab.tui.sweeps.keys import CELL_TABLE
from memlab.tui.sweeps.state_sign import state_sign
from memlab.tui.table import Column, Table

USUAL = ("val_accuracy", "val_loss", "train_accuracy", "train_loss")
"""Measures that are listed first."""
MAX_SIGNS = 10
"""number of members up to which each has a sign; beyond, states are counted"""
_MIN_WIDTH, _MAX_WIDTH = 5, 16


@final
@dataclass(frozen=True, eq=False)
class CellTexts:
    """The texts of the table, computed once, since that is slow for many cells."""

    results: Results
    events: Mapping[str, Sequence[str]]
    """event to a text for each cell"""
    finals: Mapping[str, Sequence[str]]
    """measure to a text for each cell"""

    @classmethod
    def of(cls, results: Results) -> Self:
        """Compute the texts of all cells."""
        return cls(
            results,
            {name: [steps_text(c.event(name)) for c in results.cells] for name in results.events},
            {name: [final_text(c.final(name)) for c in results.cells] for name in results.measures},
        )


@final
class CellTable(Table):
    """One row per cell; the cursor selects a cell."""

    KEYS = CELL_TABLE
    BINDINGS: ClassVar[list[BindingType]] = KEYS.bindings()

    def show_results(self, texts: CellTexts, cell: int, measure: str) -> None:
        """Show the cells, with the cursor on number `cell`, and `measure` before other measures."""
        results, axes = texts.results, texts.results.sweep.axes
        finals = ordered_measures(results, measure)
        most = max((len(one.states) for one in results.cells), default=1)
        columns = [
            *(_axis_column(axis.key, axis.values) for axis in axes),
            Column("members", "members", max(min(most, MAX_SIGNS), 7)),
            *(_text_column(name, texts.events[name]) for name in results.events),
            *(_text_column(name, texts.finals[name]) for name in finals),
        ]

        def cells(row: int) -> list[Content]:
            result = results.cells[row]
            return [
                *(safe(value_text(result.cell.at[axis.key])) for axis in axes),
                member_signs(result.states),
                *(Content(texts.events[name][row]) for name in results.events),
                *(Content(texts.finals[name][row]) for name in finals),
            ]

        self.show(columns, len(results.cells), cells, fixed=len(axes))
        self.cursor = cell


def ordered_measures(results: Results, first: str) -> list[str]:
    """All measures of finished members: `first`, then the usual ones, then the others."""
    names = dict.fromkeys([first, *USUAL, *results.measures])
    return [name for name in names if name in results.measures]


def _axis_column(key: str, values: Sequence[object]) -> Column:
    name = axis_name(key)
    widest = max([len(name), *(len(value_text(value)) for value in values)])
    return Column(key, name, min(max(widest, _MIN_WIDTH), _MAX_WIDTH), "right")


def _text_column(name: str, texts: Sequence[str]) -> Column:
    title = safe_text(name, 24)
    return Column(name, title, max(map(len, [title, *texts])))


def member_signs(states: Sequence[MemberState]) -> Content:
    """A sign for each member in the order of seeds; of many members, counts: `12✓ 3▶`."""
    if len(states) <= MAX_SIGNS:
        return Content.assemble(*(state_sign(state.state) for state in states))
    signs = dict.fromkeys(state.state for state in states)
    counted = {state: sum(one.state == state for one in states) for state in signs}
    return Content(" ").join(
        Content.assemble(f"{n}", state_sign(state)) for state, n in counted.items()
    )


def steps_text(steps: StepsToEvent) -> str:
    """Number of members that reached the event, median and range: `4/5  4.1k (2.9k to >20k)`."""
    if steps.of == 0:
        return "–"
    beyond = "" if steps.censored_at is None else f">{short(steps.censored_at)}"
    median = beyond if steps.median is None else short(steps.median)
    if steps.low is None or steps.of == 1:
        return f"{steps.reached}/{steps.of}  {median}"
    high = beyond if steps.high is None else short(steps.high)
    return f"{steps.reached}/{steps.of}  {median} ({short(steps.low)} to {high})"


def final_text(values: FinalValues) -> str:
    """Mean, sample standard deviation and number: `0.982 ± 0.011 (n 5)`."""
    if values.mean is None:
        return "–"
    spread = "" if values.std is None else f" ± {values.std:.2g}"
    return f"{values.mean:.4g}{spread} (n {values.n})"


def member_line(result: CellResult) -> Content:
    """The state of each member of a cell: `seed 0 ✓ 300 · seed 1 ▶ 120/300`, and why one failed."""
    return Content(" · ").join([_member(state) for state in result.states])


def _member(state: MemberState) -> Content:
    sign, colour = state_sign(state.state)
    steps = f"{state.step:,}" if state.terminal else f"{state.step:,}/{state.target:,}"
    reason = f" {state.reason}" if state.reason else ""
    return Content.assemble(
        (f"seed {state.member.seed} ", "dim"), (sign, colour), f" {steps}", safe(reason, 160)
    )
