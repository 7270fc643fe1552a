"""Modal dialogs: a question, a line of text, a message."""

from collections.abc import Callable
from typing import ClassVar, TypeVar

from textual.app import ComposeResult
from textual.await_complete import AwaitComplete
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Button, Input, Static

ESCAPE: list[BindingType] = [Binding("escape", "dismiss(None)", "back", show=False)]

KEYS = Content.styled("⏎ accept   esc cancel", "$foreground-muted")

Answer = TypeVar("Answer")


class Dialog(ModalScreen[Answer]):
    """Accepts one answer: a second one during closing would close the screen below."""

    def dismiss(self, result: Answer | None = None) -> AwaitComplete:
        return super().dismiss(result) if self.is_current else AwaitComplete()


class Confirm(Dialog[str | None]):
    """A question; the result is the name of a button, or None."""

    BINDINGS: ClassVar[list[BindingType]] = [
        *ESCAPE,
        Binding("left,up", "app.focus_previous", show=False),
        Binding("right,down", "app.focus_next", show=False),
    ]

    def __init__(self, question: Content, answers: dict[str, str]) -> None:
        """`answers`: name to button label; the first button has focus."""
        super().__init__()
        self._question, self._answers = question, answers

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog"):
            yield Static(self._question)
            with Vertical(classes="answers"):
                for name, label in self._answers.items():
                    yield Button(label, name=name, compact=True)

    def on_button_pressed(self, event: Button.Pressed) -> None:
        self.dismiss(event.button.name)


class TextPrompt(Dialog[str | None]):
    """One line of text, validated while typing; None if cancelled."""

    BINDINGS: ClassVar[list[BindingType]] = ESCAPE

    def __init__(
        self, title: Content, text: str = "", problem: Callable[[str], str | None] | None = None
    ) -> None:
        """`problem` returns what is wrong with a text, or None."""
        super().__init__()
        self._title, self._text, self._problem = title, text, problem

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog"):
            yield Static(self._title)
            yield Input(self._text, compact=True)
            yield Static(KEYS, classes="problem")

    def on_input_changed(self, event: Input.Changed) -> None:
        problem = self._problem(event.value) if self._problem else None
        self.query_one(".problem", Static).update(Content(problem) if problem else KEYS)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        if not (self._problem and self._problem(event.value)):
            self.dismiss(event.value)


class MessageBox(Dialog[None]):
    """Text to read, such as an error."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,enter,q,question_mark", "dismiss(None)", "back", show=False)
    ]

    def __init__(self, title: Content, text: Content) -> None:
        super().__init__()
        self._title, self._text = title, text

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog tall"):
            yield Static(self._title, classes="title")
            with VerticalScroll(can_focus=True):
                yield Static(self._text)
            with Horizontal(classes="answers"):
                yield Button("close", compact=True)

    def on_button_pressed(self) -> None:
        self.dismiss(None)
