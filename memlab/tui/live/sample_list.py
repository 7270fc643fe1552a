"""The samples: prompt, target and answer, token by token, and how one fared over the run."""

from collections.abc import Hashable, Sequence
from itertools import pairwise
from typing import final

from textual import events
from textual.content import Content
from textual.message import Message

from memlab.record.events import Samples
from memlab.tui.dialogs import Tell
from memlab.tui.live.answers import RIGHT, WRONG, Answer, answers, shown, token_line, was_right
from memlab.tui.live.lines import Lines
from memlab.tui.live.moment import Moment

FILTERS = ("all", "wrong", "train", "val")


@final
class SampleList(Lines[Answer]):
    """Shows the evaluation at the reading cursor; the strip below it is one sample's past."""

    class Pointed(Message):
        """An evaluation in the strip was pointed at."""

        def __init__(self, step: int) -> None:
            self.step = step
            super().__init__()

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id)
        self.filter = FILTERS[0]
        self._strip: list[int] = []

    def depends(self, moment: Moment) -> Hashable:
        """Evaluations, the one shown, the filter and the line that is selected."""
        at = samples_at(moment)
        step = at.step if at else None
        return len(moment.view.samples), step, self.filter, self.selected, self.has_focus

    def heading(self, moment: Moment) -> Content:
        """At which step, how many are right, what is left out."""
        at = samples_at(moment)
        if at is None:
            return Content("samples")
        found = answers(at)
        right = sum(answer.ok for answer in found)
        said = f"samples · step {at.step:,} · {right}/{len(found)} right"
        return Content(said + ("" if self.filter == "all" else f" · {self.filter} only"))

    def next_filter(self) -> None:
        """Leave out others."""
        self.filter = FILTERS[(FILTERS.index(self.filter) + 1) % len(FILTERS)]
        self.selected = 0
        self.draw()

    def lines(self, moment: Moment) -> Sequence[Answer]:
        """The answers that pass the filter."""
        at = samples_at(moment)
        return [answer for answer in answers(at) if self._passes(answer)] if at else []

    def _passes(self, answer: Answer) -> bool:
        if self.filter == "wrong":
            return not answer.ok
        return self.filter in ("all", answer.split)

    def written(self, found: Sequence[Answer], moment: Moment, width: int) -> list[Content]:
        """Sign, split, prompt, target, tokens in columns."""
        prompts = [Content(shown(a.prompt, 80)) for a in found]
        targets = [Content(shown(a.target, 80)) for a in found]
        wide = min(max((p.cell_length for p in prompts), default=0), width * 2 // 5)
        target = min(max((t.cell_length for t in targets), default=0), width // 4)
        rows = zip(found, prompts, targets, strict=True)
        return [
            Content.assemble(
                RIGHT if a.ok else WRONG,
                (f" {shown(a.split, 5):<5} ", "$text-muted"),
                _fit(p, wide),
                (" → ", "$text-muted"),
                _fit(t, target),
                "  ",
                token_line(a.tokens, max(width - wide - target - 13, 4)),
            )
            for a, p, t in rows
        ]

    def footnote(self, moment: Moment, width: int) -> list[Content]:
        """The selected sample's past, one sign for each evaluation."""
        self._strip = []
        found = self.lines(moment)
        if self.size.height < 5 or not found:
            return []
        answer = found[min(self.selected, len(found) - 1)]
        lead = f"#{answer.place} "
        marks, self._strip = past(moment, answer.place, max(width - len(lead), 1))
        return [Content.assemble((lead, "$text-muted"), marks)]

    def choose(self, what: Answer) -> None:
        """Show all of a sample."""
        self.app.push_screen(
            Tell(Content(f"Sample {what.place}, {shown(what.split)}"), whole(what))
        )

    def on_click(self, event: events.Click) -> None:
        """Go to the evaluation in the strip that the mouse points at."""
        at = event.get_content_offset(self)
        if at is None or at.y != self.size.height - 1 or not self._strip:
            return
        event.prevent_default()
        first = self.size.width - len(self._strip)
        i = min(max(at.x - first, 0), len(self._strip) - 1)
        self.post_message(self.Pointed(self._strip[i]))


def samples_at(moment: Moment) -> Samples | None:
    """The newest samples up to the reading cursor."""
    taken = [samples for samples in moment.view.samples if samples.step <= moment.reading]
    return taken[-1] if taken else None


def past(moment: Moment, place: int, width: int) -> tuple[Content, list[int]]:
    """A sample's signs over the run, and the step of each.

    Where there are more evaluations than cells, a cell is right if all of its evaluations were.
    """
    taken = moment.view.samples
    n = min(len(taken), width)
    cuts = [i * len(taken) // n for i in range(n + 1)] if n else [0]
    now = samples_at(moment)
    parts: list[tuple[str, str]] = []
    steps = []
    for a, b in pairwise(cuts):
        judged = [right for s in taken[a:b] if (right := was_right(s, place)) is not None]
        sign, style = ("·", "$text-muted") if not judged else RIGHT if all(judged) else WRONG
        here = now is not None and taken[a].step <= now.step <= taken[b - 1].step
        parts.append((sign, f"{style} reverse" if here else style))
        steps.append(taken[b - 1].step)
    return Content.assemble(*parts), steps


def whole(answer: Answer) -> Content:
    """All of a sample, token by token."""
    lines = [
        Content(f"prompt  {shown(answer.prompt, 2000)}"),
        Content(f"target  {shown(answer.target, 2000)}"),
        Content(f"answer  {shown(answer.answer, 2000)}"),
        Content(""),
    ]
    for token in answer.tokens:
        sign, style = RIGHT if token.ok else WRONG
        meant = "" if token.ok else f"  instead of {shown(token.target)}"
        text = f"{sign} {shown(token.text):<12} p {token.p:.4f}{meant}"
        lines.append(Content.styled(text, style))
    return Content("\n").join(lines)


def _fit(text: Content, width: int) -> Content:
    text = text.truncate(width, ellipsis=True)
    return text.pad_right(max(width - text.cell_length, 0))
