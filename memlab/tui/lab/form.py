"""The form: every setting of a preset, made from the schema."""

from collections.abc import Iterator
from itertools import groupby
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.events import DescendantFocus
from textual.message import Message
from textual.widget import Widget
from textual.widgets import Input, Static

from memlab.preset.fields import Field, fields
from memlab.tui import keys
from memlab.tui.lab.draft import Draft
from memlab.tui.lab.field import Choice, FieldLine
from memlab.tui.safe import safe

FIELDS = "#fields Input, #fields Choice"


class Lines(VerticalScroll, inherit_bindings=False, can_focus=False):
    """What scrolls; the arrow keys go from field to field instead."""


class Form(Vertical):
    """Lines of settings in groups, and the help of the one that has focus."""

    KEYS = keys.FORM
    BINDINGS: ClassVar[list[BindingType]] = KEYS.bindings()

    class Typed(Message):
        """A text was typed into a field, or a word chosen."""

        def __init__(self, key: str, text: str) -> None:
            super().__init__()
            self.key, self.text = key, text

    class Reset(Message):
        """A field is to have the preset's own value."""

        def __init__(self, key: str) -> None:
            super().__init__()
            self.key = key

    def __init__(self) -> None:
        super().__init__(id="form")
        self._draft: Draft | None = None
        self._lines: dict[str, FieldLine] = {}

    def compose(self) -> ComposeResult:
        """The lines, which scroll, above the help."""
        yield Lines(id="fields")
        yield Static(id="field-help")

    def _groups(self, draft: Draft) -> Iterator[Widget]:
        self._lines = {key: FieldLine(field) for key, field in draft.known.items()}
        for group, lines in groupby(self._lines.values(), lambda line: _group(line.field)):
            below = Vertical(*([Static(group, classes="group")] if group else []), *lines)
            below.add_class("fields")
            yield below

    async def show(self, draft: Draft) -> None:
        """Show a draft; the lines are made anew if it has other settings."""
        self._draft = draft
        if list(draft.known) != list(self._lines):
            holder = self.query_one("#fields")
            at = self._key_with_focus()
            with self.app.batch_update():
                await holder.remove_children()
                await holder.mount_all(self._groups(draft))
            if at in self._lines:
                self._lines[at].take_focus()
        for line in self._lines.values():
            line.show(draft)
        self._help()

    @on(Input.Changed)
    @on(Choice.Turned)
    def _typed(self, event: Input.Changed | Choice.Turned) -> None:
        event.stop()
        line = event.control.parent
        assert isinstance(line, FieldLine)
        self.post_message(self.Typed(line.field.key, line.text))

    @on(Input.Submitted)
    def _submitted(self, event: Input.Submitted) -> None:
        event.stop()
        self.action_next()

    @on(DescendantFocus)
    def _focused(self) -> None:
        self._help()

    def _help(self) -> None:
        key, text = self._key_with_focus(), Content.styled("⏎ goes to the settings", "dim")
        if self._draft and key and key in self._draft.known:
            text = _explanation(self._draft, self._draft.known[key])
        self.query_one("#field-help", Static).update(text)

    def _key_with_focus(self) -> str | None:
        return next((key for key, line in self._lines.items() if line.has_focus_within), None)

    def take_focus(self) -> None:
        """Go to the first setting of the task."""
        for key in self._lines:
            if "." in key:
                self._lines[key].take_focus()
                return

    def action_next(self) -> None:
        """The next field."""
        self.screen.focus_next(FIELDS)

    def action_previous(self) -> None:
        """The field before."""
        self.screen.focus_previous(FIELDS)

    def action_next_changed(self) -> None:
        """The next field that differs from the preset, or is wrong."""
        order, at = list(self._lines), self._key_with_focus()
        start = order.index(at) + 1 if at else 0
        for key in [*order[start:], *order[:start]]:
            if self._lines[key].marked:
                self._lines[key].take_focus()
                return

    def action_reset(self) -> None:
        """Give the field its value from the preset."""
        if key := self._key_with_focus():
            self.post_message(self.Reset(key))


def _group(field: Field) -> str:
    return field.key.rpartition(".")[0]


def _explanation(draft: Draft, field: Field) -> Content:
    """What a newcomer needs to know of a setting, and what is wrong with it."""
    unit = f" ({field.unit})" if field.unit else ""
    live = "  may change while it trains" if field.live else ""
    group = fields().get(_group(field))
    about = field.help or (group.help if group else "")
    lines = [
        Content.assemble((field.key, "bold"), f"  {about}"),
        Content.styled(f"{field.allowed}{unit}; preset {draft.original(field.key)}{live}", "dim"),
    ]
    if problem := draft.problems.get(field.key):
        lines.append(safe(f"✗ {problem.what}", 200, style="$error"))
        if problem.hint and problem.hint != field.help:
            lines.append(safe(problem.hint, 200))
    return Content("\n").join(lines)
