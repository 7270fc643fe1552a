"""Declarations of keys, from which bindings, footer and help are derived.

A screen or widget with its own keys declares `KEYS = keys.RUNS` and `BINDINGS = KEYS.bindings()`.
The help shows the `KEYS` of the focused widget and of its ancestors.
"""

from dataclasses import dataclass
from typing import Any

from textual.binding import Binding, BindingType

from memlab.tui.screens import SCREENS


@dataclass(frozen=True)
class Key:
    """An action and its keys."""

    press: str
    """Textual's names of keys, alternatives separated by commas: "j,down" """
    action: str
    label: str
    """one or two words for the footer"""
    help: str
    """one sentence"""
    footer: bool = False
    changes: bool = False
    """changes a run or a file; not offered in a read-only console"""
    to_input: bool = False
    """focuses an input, which must receive the next keys, however fast they are typed"""

    def binding(self) -> Binding:
        # The app runs priority bindings itself, before it delivers the next key.
        return Binding(
            self.press, self.action, self.label, show=self.footer, tooltip=self.help,
            priority=self.to_input,
        )  # fmt: skip

    @property
    def shown(self) -> str:
        """The keys as displayed: "j ↓"."""
        return " ".join(_SIGNS.get(key, key) for key in self.press.split(","))


@dataclass(frozen=True)
class Keys:
    """The keys of one screen or widget."""

    title: str
    rows: tuple[Key, ...]

    def bindings(self) -> list[BindingType]:
        return [key.binding() for key in self.rows]

    def changes(self, action: str) -> bool:
        """Whether an action, by its name without arguments, changes a run or a file."""
        return any(key.changes for key in self.rows if key.action.partition("(")[0] == action)


def is_offered(screen: Any, action: str) -> bool:
    """Whether a screen offers an action; a read-only console offers no changes."""
    return not (screen.KEYS.changes(action) and getattr(screen.app, "read_only", False))


def around(widget: Any) -> list[tuple[Any, Keys]]:
    """A widget and its ancestors that have keys, innermost first."""
    chain = [*widget.ancestors_with_self]
    chain += [] if widget.app in chain else [widget.app]
    return [(node, node.KEYS) for node in chain if hasattr(node, "KEYS")]


_SIGNS = {
    "up": "↑", "down": "↓", "left": "←", "right": "→", "enter": "⏎", "escape": "esc",
    "question_mark": "?", "slash": "/", "colon": ":", "plus": "+", "equals_sign": "=",
    "minus": "-", "left_square_bracket": "[", "right_square_bracket": "]",
    "left_curly_bracket": "{", "right_curly_bracket": "}", "less_than_sign": "<",
    "greater_than_sign": ">", "dollar_sign": "$", "number_sign": "#", "full_stop": ".",
    "comma": ",", "pageup": "page up", "pagedown": "page down",
}  # fmt: skip

ROWS = (
    Key("j,down", "move(1)", "down", "The next row."),
    Key("k,up", "move(-1)", "up", "The previous row."),
    Key("pagedown", "page(1)", "page down", "One page down."),
    Key("pageup", "page(-1)", "page up", "One page up."),
)
BASELINE = Key("b", "baseline", "baseline", "Pin the run as the baseline, drawn dimly in all charts; again to unpin.")  # fmt: skip

APP = Keys(
    "Everywhere",
    (
        *(Key(s.key, f"go('{s.mode}')", s.title, s.help) for s in SCREENS),
        Key("question_mark,f1", "help", "help", "The keys of this screen.", footer=True),
        Key("ctrl+p,colon", "command_palette", "palette", "Find any action, preset or run."),
        Key("t", "change_theme", "theme", "Choose the colours."),
        Key("ctrl+s", "picture", "picture", "Save the screen as an SVG picture."),
        Key("q", "quit", "quit", "Quit (ctrl+q anywhere); asks first if a run is training.", footer=True),
    ),
)  # fmt: skip

LAB = Keys(
    "Lab",
    (
        Key("s,ctrl+r", "start", "start", "Train the preset with your changes.", footer=True, changes=True),
        Key("ctrl+t", "queue", "queue", "Train it after the run that is training.", footer=True, changes=True),
        # The screen displays / and m where they apply.
        Key("slash", "filter", "filter", "Filter the presets by name, folder or text.", to_input=True),
        Key("m", "measure", "estimate", "Time a few steps to estimate the duration.", changes=True),
        Key("e,dollar_sign", "edit", "YAML", "Edit the preset as YAML in $EDITOR.", footer=True, changes=True),
        Key("w", "save", "save as", "Save as a new preset.", footer=True, changes=True),
        Key("ctrl+z", "revert", "revert", "Discard your changes; press again to restore them."),
        Key("escape", "back", "presets", "Back to the presets.", footer=True),
    ),
)  # fmt: skip

PRESETS = Keys(
    "Presets",
    (
        Key("enter,right", "edit_fields", "fields", "Go to the preset's fields."),
        Key("j,down", "cursor_down", "down", "The next preset."),
        Key("k,up", "cursor_up", "up", "The previous preset."),
    ),
)

FORM = Keys(
    "Fields",
    (
        Key("down,enter", "next", "next", "The next field."),
        Key("up", "previous", "previous", "The previous field."),
        Key("ctrl+n", "next_changed", "changed", "The next field that you changed.", footer=True),
        Key("ctrl+b", "reset", "reset", "Reset this field to the value of the preset.", footer=True),
    ),
)  # fmt: skip

CHOICE = Keys(
    "A choice",
    (
        Key("right,space", "turn(1)", "next", "The next choice."),
        Key("left", "turn(-1)", "previous", "The previous choice."),
        Key("comma", "add_choice", "several", "Add the next choice: several values make an axis of a sweep."),
    ),
)  # fmt: skip

RUNS = Keys(
    "Runs",
    (
        Key("enter", "open", "open", "Open the run: live if it is training, else as a replay.", footer=True),
        Key("space", "mark", "mark", "Mark the run for Compare and move down.", footer=True),
        Key(
            "slash",
            "filter",
            "filter",
            "Filter, as in status:finished val_loss<0.1 task.operation:add.",
            footer=True,
            to_input=True,
        ),
        Key("c", "compare", "compare", "Compare the marked runs in one chart.", footer=True),
        Key("o", "sort(1)", "sort", "Sort by the next column.", footer=True),
        Key("O", "sort(-1)", "sort back", "Sort by the previous column."),
        Key("i", "flip", "reverse", "Reverse the order."),
        BASELINE,
        Key("n", "name", "name", "Rename the run.", footer=True, changes=True),
        Key("number_sign", "tag", "tags", "Set its tags, separated by spaces.", changes=True),
        Key("N", "note", "note", "Edit its note.", changes=True),
        Key("d", "clone", "clone", "Open its settings in the Lab."),
        Key("r", "resume", "resume", "Resume a run that ended early.", changes=True),
        Key("D,delete", "delete", "delete", "Move the run, or the marked ones, to the trash.", footer=True, changes=True),
        Key("u", "undo", "undo", "Restore what was deleted last.", changes=True),
        Key("A", "mark_all", "mark all", "Mark all shown, or none."),
        Key("escape", "back", "back", "Leave the filter; press again to clear it.", footer=True),
    ),
)  # fmt: skip

TABLE = Keys(
    "A table",
    (
        *ROWS,
        Key("home,g", "first", "first", "The first row."),
        Key("end,G", "last", "last", "The last row."),
        Key("left", "scroll(-8)", "left", "Columns to the left."),
        Key("right", "scroll(8)", "right", "Columns to the right."),
    ),
)
