"""The samples: prompt, target and answer, token by token, with the history of each."""

from bisect import bisect_right
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import final

from textual import events
from textual.content import Content
from textual.message import Message

from memlab.record.events import Samples
from memlab.tui.dialogs import MessageBox
from memlab.tui.live.answer_history import HistoryStrips, SampleHistory
from memlab.tui.live.answers import RIGHT, WRONG, Answer, answers, shown
from memlab.tui.live.columns import SampleColumns
from memlab.tui.live.lines import Lines
from memlab.tui.live.view_state import ViewState
from memlab.tui.plots.panel import link

_MIN_WIDTH = 16
"""Minimum width in cells of a history next to its sample."""
_MEASURED = 32
"""Number of samples from which column widths are computed."""
FILTERS = ("all", "wrong", "train", "val")


@final
class SampleList(Lines[Answer]):
    """Shows the evaluation at the reading cursor, with the history of each sample."""

    @dataclass
    class SamplePointed(Message):
        """The mouse points at an evaluation in a sample's history."""

        step: int

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id)
        self.filter = FILTERS[0]
        self._past = SampleHistory()
        self._strips = HistoryStrips.over((), [], 0, 0)
        self._first = 0
        """column of the histories"""
        self._below = False
        """whether the history is shown below the samples"""
        self._selection: int | None = None
        self._columns = SampleColumns(0, 0, 0, 0)

    def depends(self, view_state: ViewState) -> Hashable:
        """Evaluations, the current one, the filter and the selected line."""
        at = samples_at(view_state)
        step = at.step if at else None
        which = view_state.attempt, len(view_state.run.samples), step
        return which, self.filter, self.selected, self.has_focus

    def heading(self, view_state: ViewState) -> list[Content]:
        """Step, number of right answers, filter."""
        at = samples_at(view_state)
        if at is None:
            return [Content("samples")]
        listed = answers(at)
        right = sum(answer.ok for answer in listed)
        facts = ("samples", f"step {at.step:,}", f"{right}/{len(listed)} correct")
        return [
            *map(Content, facts),
            Content(" ").join(self._choice(name) for name in FILTERS),
        ]

    def _choice(self, name: str) -> Content:
        return link(name, f"screen.filter('{name}')", "reverse" if name == self.filter else "")

    def choose_filter(self, name: str | None) -> None:
        """Set the filter; None = the next one."""
        after = FILTERS[(FILTERS.index(self.filter) + 1) % len(FILTERS)]
        self.filter, self.selected = name or after, 0
        self.draw()

    def lines(self, view_state: ViewState) -> Sequence[Answer]:
        """The answers that pass the filter."""
        at = samples_at(view_state)
        return [answer for answer in answers(at) if self._passes(answer)] if at else []

    def _passes(self, answer: Answer) -> bool:
        if self.filter == "wrong":
            return not answer.ok
        return self.filter in ("all", answer.split)

    def prepare(self, items: Sequence[Answer], view_state: ViewState, width: int) -> None:
        """Column widths for prompt, target and tokens; the history gets the rest, or a line below."""
        self._columns = columns = SampleColumns.of(items[:_MEASURED], width)
        self._selection = items[self.selected].place if items else None
        self._below = columns.history < _MIN_WIDTH and self.size.height >= 5
        lead = len(f"#{self._selection} ")
        self._first = lead if self._below else width - columns.history
        evaluations = view_state.run.samples
        now = bisect_right(evaluations, view_state.reading, key=lambda samples: samples.step) - 1
        right = self._past.of(evaluations)
        room = width - self._first if self._below or columns.history >= _MIN_WIDTH else 0
        self._strips = HistoryStrips.over(evaluations, right, now, room)

    def rendered(self, items: Sequence[Answer]) -> list[Content]:
        """Sign, split, prompt, target, tokens, history."""
        lines = [self._columns.line(answer) for answer in items]
        if self._below or not self._strips.steps:
            return lines
        strips = (self._strips.line(answer.place) for answer in items)
        return [
            Content.assemble(line, " ", strip) for line, strip in zip(lines, strips, strict=True)
        ]

    def footnote(self) -> list[Content]:
        """The selected sample's history, if it does not fit in its line."""
        place = self._selection
        if place is None or not self._below:
            return []
        return [Content.assemble((f"#{place} ", "$foreground-muted"), self._strips.line(place))]

    def choose(self, item: Answer) -> None:
        """Show a sample in full."""
        self.app.push_screen(
            MessageBox(Content(f"Sample {item.place}, {shown(item.split)}"), whole(item))
        )

    def on_click(self, event: events.Click) -> None:
        """Go to the evaluation under the mouse in a sample's history."""
        at = event.get_content_offset(self)
        steps = self._strips.steps
        if at is not None and self._first <= at.x < self._first + len(steps):
            event.prevent_default()
            self.post_message(self.SamplePointed(steps[at.x - self._first]))


def samples_at(view_state: ViewState) -> Samples | None:
    """The newest samples up to the reading cursor."""
    evaluations = view_state.run.samples
    n = bisect_right(evaluations, view_state.reading, key=lambda samples: samples.step)
    return evaluations[n - 1] if n else None


def whole(answer: Answer) -> Content:
    """A sample in full, token by token."""
    lines = [
        Content(f"prompt  {shown(answer.prompt, 2000)}"),
        Content(f"target  {shown(answer.target, 2000)}"),
        Content(f"answer  {shown(answer.answer, 2000)}"),
        Content(""),
    ]
    for token in answer.tokens:
        sign, style = RIGHT if token.ok else WRONG
        expected = "" if token.ok else f"  expected {shown(token.target)}"
        text = f"{sign} {shown(token.text):<12} p {token.p:.4f}{expected}"
        lines.append(Content.styled(text, style))
    return Content("\n").join(lines)
