"""The losses around a spike, recomputed with one change each, as overlaid curves."""

from collections.abc import Hashable
from dataclasses import dataclass
from typing import final

from textual.content import Content

from memlab.charts import Chart, Level, Series, VerticalRule
from memlab.charts.theme import Colour
from memlab.record.explanation import CONTROL, PLACEBO, PREVENTS, Explanation, TriedChange
from memlab.record.safe_text import safe_text
from memlab.tui.plots.plot import Plot, log_link


@final
@dataclass(frozen=True, eq=False)
class ShownTrials:
    """An explanation and the index of the change in focus."""

    explanation: Explanation
    focus: int

    @property
    def focused(self) -> TriedChange:
        """The change in focus."""
        return self.explanation.changes[self.focus]


def trials_chart(shown: ShownTrials, *, y_log: bool) -> Chart:
    """One curve for each change: the one in focus and the unchanged one stand out."""
    explanation, focused = shown.explanation, shown.focused
    changes = sorted(explanation.changes, key=lambda c: (c is focused, c.kind == CONTROL))
    return Chart(
        series=tuple(_series(change, is_focused=change is focused) for change in changes),
        rules=(
            VerticalRule(explanation.change_at + 1, "change", "phase"),
            VerticalRule(explanation.onset, "onset", "spike"),
        ),
        levels=(Level(explanation.level, "level", "chance"),),
        y_log=y_log,
    )


def _series(change: TriedChange, *, is_focused: bool) -> Series:
    is_named = is_focused or change.kind == CONTROL
    name = safe_text(change.name, 32) if is_named else ""
    colour = "val" if is_focused else colour_of(change)
    return Series(name, change.steps, change.losses, colour, change.peak, leads=is_focused)


def colour_of(change: TriedChange) -> Colour:
    """The colour of a change by its kind and effect."""
    if change.kind == CONTROL:
        return "train"
    if change.kind == PLACEBO:
        return "band"
    return "memorized" if change.effect == PREVENTS else "tick"


@final
class TrialsPlot(Plot[ShownTrials]):
    """The curves in a panel."""

    def depends(self, view_state: ShownTrials) -> Hashable:
        return id(view_state.explanation), view_state.focus, self.y_log

    @property
    def measure_name(self) -> str:
        return "loss"

    def picture(self, view_state: ShownTrials, columns: int) -> Chart:
        return trials_chart(view_state, y_log=self.y_log)

    def heading(self, view_state: ShownTrials) -> list[Content]:
        """The quantity, the scale of its axis, the change in focus and its effect."""
        change = view_state.focused
        parts = [
            Content("loss"),
            log_link("y", self.y_log, "log_y"),
            Content(f"{safe_text(change.name, 40)}: {safe_text(change.effect, 20)}"),
        ]
        return parts
