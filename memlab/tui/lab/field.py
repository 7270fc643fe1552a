"""One line of the form: a setting's name, where its value is typed or chosen, a note."""

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal
from textual.content import Content
from textual.events import Click
from textual.message import Message
from textual.reactive import reactive
from textual.widget import Widget
from textual.widgets import Input, Static

from memlab.preset.fields import Field
from memlab.record.safe_text import safe_text
from memlab.tui import keys
from memlab.tui.lab.draft import Draft
from memlab.tui.safe import safe

MOST = 2000
"""Characters of a value."""
SWITCH = ("true", "false")


class Choice(Widget, can_focus=True):
    """One of a few words: arrows, space or a click turn it."""

    KEYS = keys.CHOICE
    BINDINGS: ClassVar[list[BindingType]] = KEYS.bindings()
    value: reactive[str] = reactive("")

    class Turned(Message):
        """Another word was chosen."""

        def __init__(self, choice: "Choice") -> None:
            super().__init__()
            self.choice = choice

        @property
        def control(self) -> "Choice":
            """Who sent it."""
            return self.choice

    def __init__(self, words: tuple[str, ...]) -> None:
        super().__init__()
        self._words = words

    def render(self) -> Content:
        """The word between two arrows."""
        return Content.assemble(("‹ ", "dim"), safe(self.value), (" ›", "dim"))

    def action_turn(self, by: int) -> None:
        """Choose the word so many places on."""
        at = self._words.index(self.value) if self.value in self._words else -by
        self.value = self._words[(at + by) % len(self._words)]
        self.post_message(self.Turned(self))

    def on_click(self, event: Click) -> None:
        """The left arrow goes back, everything else on."""
        self.action_turn(-1 if event.x < 2 else 1)


class FieldLine(Horizontal):
    """A setting in the form."""

    def __init__(self, field: Field) -> None:
        super().__init__()
        self.field = field
        self._title = Static(classes="name")
        self._value = _editor(field)
        self._note = Static(classes="note")

    def compose(self) -> ComposeResult:
        """Name, value, note."""
        yield self._title
        yield self._value
        yield self._note

    @property
    def text(self) -> str:
        """What stands in the line."""
        return self._value.value

    @property
    def marked(self) -> bool:
        """Whether it differs from the preset, or is wrong."""
        return self.has_class("changed") or self.has_class("wrong")

    def take_focus(self) -> None:
        """Go to the value."""
        self._value.focus()

    def show(self, draft: Draft) -> None:
        """Show what a draft says of this setting."""
        key = self.field.key
        text, changed = draft.text(key), key in draft.differences
        problem = draft.problems.get(key)
        if text != self._value.value and not (self._value.has_focus and problem):
            with self.prevent(Input.Changed):
                self._value.value = safe_text(text, MOST)
        # What cannot be shown as it is cannot be edited here: $EDITOR can.
        self._value.disabled = safe_text(text, MOST) != text
        self.set_class(changed, "changed")
        self.set_class(problem is not None, "wrong")
        sign = "✗" if problem else "●" if changed else " "
        self._title.update(Content(f"{sign} {self.field.name}"))
        self._note.update(_note(draft, self.field))


def _editor(field: Field) -> Input | Choice:
    words = _words(field)
    return Choice(words) if words else Input(compact=True, select_on_focus=False)


def _words(field: Field) -> tuple[str, ...]:
    """The words to choose from, if the setting takes nothing else."""
    if field.allowed == "true or false":
        return SWITCH
    if field.choices and field.allowed.startswith(", ".join(field.choices)):
        rest = field.allowed.removeprefix(", ".join(field.choices))
        return {"": field.choices, ", or null": (*field.choices, "null")}.get(rest, ())
    return ()


def _note(draft: Draft, field: Field) -> Content:
    problem = draft.problems.get(field.key)
    if problem:
        return safe(problem.what.removeprefix(field.key).strip(": "))
    if field.key in draft.differences:
        return safe(f"was {draft.differences[field.key][0]}")
    return Content(field.unit or "")
