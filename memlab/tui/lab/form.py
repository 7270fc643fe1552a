"""The form: every setting of a preset, generated from the schema."""

from collections.abc import Iterator
from itertools import groupby
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.message import Message
from textual.widgets import Input, Static

from memlab.preset.fields import Field, fields
from memlab.record.safe_text import safe_text
from memlab.tui import keys
from memlab.tui.lab.draft import Draft
from memlab.tui.lab.sheet import Sheet, SheetLine
from memlab.tui.safe_content import safe

MAX_LENGTH = 2000
"""Maximum length of a value that can be edited."""
BOOLEANS = ("true", "false")


class SettingsForm(Vertical):
    """The sheet, one input placed over the line under the cursor, and its help."""

    KEYS = keys.FORM
    BINDINGS: ClassVar[list[BindingType]] = KEYS.bindings()

    class Typed(Message):
        """A text was entered in a field, or an option chosen."""

        def __init__(self, key: str, text: str) -> None:
            super().__init__()
            self.key, self.text = key, text

    class Reset(Message):
        """Reset a field to the preset's value."""

        def __init__(self, key: str) -> None:
            super().__init__()
            self.key = key

    def __init__(self) -> None:
        super().__init__(id="form")
        self._draft: Draft | None = None
        self._key = ""
        """the setting that the input edits"""
        self._place: tuple[tuple[int, int], int] | None = None

    def compose(self) -> ComposeResult:
        yield Sheet()
        yield Input(compact=True, id="value")
        yield Static(id="field-help")

    @property
    def sheet(self) -> Sheet:
        return self.query_one(Sheet)

    def show(self, draft: Draft, *, typing: bool = False) -> None:
        """Show a draft; the text that is being typed stays unchanged."""
        self._draft = draft
        self._key = self._key if typing else ""
        self.sheet.show(list(_lines(draft)))
        self._point()

    # The line under the cursor

    @on(Sheet.SettingPointed)
    def _point(self) -> None:
        """Place the input over the value under the cursor, unless it is a choice or not visible."""
        line, place, value = self.sheet.line, self.sheet.place(), self.query_one("#value", Input)
        is_text = bool(line and not line.words and safe_text(line.value, MAX_LENGTH) == line.value)
        if line and line.key != self._key:
            self._key = line.key
            with self.prevent(Input.Changed):
                value.value = line.value
                value.select_all()
        value.display = is_text and place is not None
        if place and (place, self.sheet.room) != self._place:
            self._place = (place, self.sheet.room)
            value.styles.offset, value.styles.width = self._place
        if self.has_focus_within:
            (value if value.display else self.sheet).focus()
        self._show_help()

    def _show_help(self) -> None:
        self.query_one("#field-help", Static).update(self._help(), layout=False)

    def on_descendant_focus(self) -> None:
        """Show the help of the field."""
        self.call_after_refresh(self._show_help)

    def on_descendant_blur(self) -> None:
        """Show the preset's description."""
        self.call_after_refresh(self._show_help)

    def on_resize(self) -> None:
        """Move the input to the new place of the value."""
        self.call_after_refresh(self._point)

    @on(Input.Changed)
    def _typed(self, event: Input.Changed) -> None:
        event.stop()
        self.post_message(self.Typed(self._key, event.value))

    @on(Input.Submitted)
    def _submitted(self, event: Input.Submitted) -> None:
        event.stop()
        self.action_next()

    @on(Sheet.SettingChosen)
    def _chosen(self, event: Sheet.SettingChosen) -> None:
        if self.sheet.line:
            self.post_message(self.Typed(self.sheet.line.key, event.word))

    def _help(self) -> Content:
        line, draft = self.sheet.line, self._draft
        if draft and line and self.has_focus_within:
            return _explanation(draft, draft.known[line.key])
        hint = Content.styled("⏎ goes to the settings", "dim")
        # Short terminals have no room for the description below the presets.
        about = draft.text("about") if draft and self.screen.has_class("-low") else ""
        return Content("\n").join([hint, *([safe(about, 300)] if about else [])])

    # Navigation

    def enter(self, key: str | None = None) -> None:
        """Focus the form, at a setting or at the first one of the task."""
        first = next((line.key for line in self.sheet.lines if "." in line.key), "")
        self.sheet.focus()
        self.sheet.go(key or (self.sheet.line.key if self.sheet.line else first))
        self._point()

    def action_next(self) -> None:
        self.sheet.move(1)

    def action_previous(self) -> None:
        self.sheet.move(-1)

    def action_next_changed(self) -> None:
        """Go to the next field that is changed or invalid."""
        lines, start = self.sheet.lines, self.sheet.cursor + 1
        for line in [*lines[start:], *lines[:start]]:
            if line.changed or line.wrong:
                self.enter(line.key)
                return

    def action_reset(self) -> None:
        if self.sheet.line:
            self.post_message(self.Reset(self.sheet.line.key))


def _lines(draft: Draft) -> Iterator[SheetLine]:
    for group, members in groupby(draft.known.values(), _group):
        if group:
            yield SheetLine("")
            yield SheetLine(group)
        for field in members:
            key = field.key
            yield SheetLine(
                field.name,
                key,
                draft.text(key),
                _note(draft, field),
                _words(field),
                changed=key in draft.differences,
                wrong=key in draft.problems,
            )


def _group(field: Field) -> str:
    return field.key.rpartition(".")[0]


def _words(field: Field) -> tuple[str, ...]:
    """The options of a setting that accepts only fixed words."""
    if field.allowed == "true or false":
        return BOOLEANS
    words = ", ".join(field.choices)
    if not words or not field.allowed.startswith(words):
        return ()
    rest = field.allowed.removeprefix(words)
    return {"": field.choices, ", or null": (*field.choices, "null")}.get(rest, ())


def _note(draft: Draft, field: Field) -> str:
    if field.key in draft.differences:
        return f"was {draft.differences[field.key][0]}"
    return field.unit or ""


def _explanation(draft: Draft, field: Field) -> Content:
    """Help text of a setting, and its error."""
    unit = f" ({field.unit})" if field.unit else ""
    live = "; can be edited during training" if field.live else ""
    group = fields().get(_group(field))
    about = field.help or (group.help if group else "")
    axis = "" if field.allowed.startswith("text") else "; several with commas make a sweep"
    lines = [
        Content.assemble((field.key, "bold"), f"  {about}"),
        safe(
            f"{field.allowed}{unit}; preset {draft.original(field.key)}{live}{axis}",
            300,
            style="dim",
        ),
    ]
    if problem := draft.problems.get(field.key):
        lines.insert(0, safe(f"✗ {problem.what}", 200, style="$text-error"))
        if problem.hint and problem.hint != field.help:
            lines.insert(1, safe(problem.hint, 200))
    return Content("\n").join(lines)
