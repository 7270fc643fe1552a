"""A form for the settings that can be edited during training."""

from collections.abc import Mapping
from typing import Any, ClassVar, final

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.widgets import Button, Input, Label, Static

from memlab.errors import PresetError
from memlab.preset.edit import read_edits
from memlab.preset.fields import Field, fields
from memlab.preset.schema import Preset
from memlab.tui.dialogs import Dialog


@final
class EditForm(Dialog[dict[str, Any] | None]):
    """Returns the changes, full keys to values, possibly none; None if cancelled."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "dismiss(None)", "back", show=False),
        Binding("down", "app.focus_next", show=False),
        Binding("up", "app.focus_previous", show=False),
    ]
    DEFAULT_CSS = """
    EditForm { align: center middle; }
    EditForm > Vertical {
        width: 72; max-width: 96%; height: auto; max-height: 90%;
        border: round $primary; background: $surface; padding: 0 1;
    }
    EditForm VerticalScroll { height: auto; }
    EditForm .setting { height: 1; }
    EditForm .setting Label { width: 26; }
    EditForm .setting Input { width: 1fr; }
    EditForm #message { height: auto; min-height: 3; margin-top: 1; color: $text-muted; }
    EditForm #message.-problem { color: $text-error; }
    """

    def __init__(
        self, preset: Preset, title: str = "edit during training", button: str = "apply"
    ) -> None:
        super().__init__()
        self._preset, self._title, self._button = preset, title, button
        self._fields = [field for field in fields().values() if field.live]
        self._now = {field.key: _text(_value(preset, field.key)) for field in self._fields}

    def compose(self) -> ComposeResult:
        """One line per setting, its help below."""
        with Vertical() as box:
            box.border_title = Content(self._title)
            box.border_subtitle = Content("esc cancels")
            with VerticalScroll(can_focus=False):
                for field in self._fields:
                    with Horizontal(classes="setting"):
                        yield Label(Content(field.key))
                        yield Input(self._now[field.key], name=field.key, compact=True)
            yield Static(id="message")
            yield Button(f"{self._button} ⏎", id="apply", compact=True)

    def on_descendant_focus(self) -> None:
        self._show_message()

    def on_input_changed(self) -> None:
        """Check all settings at once, since they depend on each other."""
        self._show_message()

    def on_input_submitted(self) -> None:
        self._apply()

    def on_button_pressed(self) -> None:
        self._apply()

    def _apply(self) -> None:
        try:
            changes = self.changes()
        except PresetError:
            return
        self.dismiss(changes)

    def changes(self) -> dict[str, Any]:
        """The settings that differ from their current values.

        Raises:
            PresetError: a value is not allowed.
        """
        texts = {str(field.name): field.value.strip() for field in self.query(Input)}
        changed = [f"{key}={text}" for key, text in texts.items() if text != self._now[key]]
        return read_edits(self._preset, changed) if changed else {}

    def _show_message(self) -> None:
        message = self.query_one("#message", Static)
        try:
            changed = self.changes()
        except PresetError as error:
            message.update(Content(str(error)))
            message.set_class(True, "-problem")
            return
        message.set_class(False, "-problem")
        message.update(Content("\n".join(filter(None, [self._help(), _summary(changed)]))))

    def _help(self) -> str:
        focused = self.focused
        by_key: Mapping[str, Field] = {field.key: field for field in self._fields}
        field = by_key.get(str(focused.name)) if isinstance(focused, Input) else None
        return f"{field.help} Allowed: {field.allowed}." if field else ""


def _summary(changes: Mapping[str, Any]) -> str:
    return "  ".join(f"{key} → {_text(value)}" for key, value in changes.items())


def _value(preset: Preset, key: str) -> Any:
    group, _, name = key.rpartition(".")
    return getattr(getattr(preset, group), name)


def _text(value: Any) -> str:
    return "null" if value is None else f"{value:g}" if isinstance(value, float) else str(value)
