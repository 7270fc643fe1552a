"""The keys of the console, in one form from which bindings, footer and help are made.

A screen or widget with keys of its own states `KEYS = keys.RUNS` and `BINDINGS = KEYS.bindings()`.
The help shows the `KEYS` of what has focus and of all that lies around it.
"""

from dataclasses import dataclass
from typing import Any

from textual.binding import Binding, BindingType


@dataclass(frozen=True)
class Key:
    """One thing that keys do."""

    press: str
    """as Textual names keys, alternatives after commas: "j,down" """
    action: str
    label: str
    """one or two words for the footer"""
    help: str
    """one sentence"""
    footer: bool = False

    def binding(self) -> Binding:
        """As Textual takes it."""
        return Binding(self.press, self.action, self.label, show=self.footer, tooltip=self.help)

    @property
    def shown(self) -> str:
        """The keys as people name them: "j ↓"."""
        return " ".join(_SIGNS.get(key, key) for key in self.press.split(","))


@dataclass(frozen=True)
class Keys:
    """The keys of one screen or widget."""

    title: str
    rows: tuple[Key, ...]

    def bindings(self) -> list[BindingType]:
        """What a class states as its `BINDINGS`."""
        return [key.binding() for key in self.rows]


def around(widget: Any) -> list[tuple[Any, Keys]]:
    """A widget and all that lies around it, the nearest first, each with its keys."""
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

APP = Keys(
    "Everywhere",
    (
        Key("1", "go('lab')", "Lab", "Choose a preset, edit it, start it."),
        Key("2", "go('live')", "Live", "The run that trains now."),
        Key("3", "go('runs')", "Runs", "All runs: filter, sort, mark, name, delete."),
        Key("4", "go('compare')", "Compare", "Marked runs in one chart."),
        Key("5", "go('replay')", "Replay", "The run that was opened last, at any step."),
        Key("question_mark,f1", "help", "help", "What keys do here.", footer=True),
        Key("ctrl+p,colon", "command_palette", "palette", "Find any action, preset or run."),
        Key("t", "change_theme", "theme", "Choose the colours."),
        Key("ctrl+s", "picture", "picture", "Save what you see as an SVG picture."),
        Key(
            "q",
            "quit",
            "quit",
            "Leave (ctrl+q anywhere); a run that trains is asked about.",
            footer=True,
        ),
    ),
)

LOOK = (
    Key("v", "read", "read", "Read values, and samples, at a cursor; ← → move it.", footer=True),
    Key("f", "full", "full", "Give the panel that has focus the whole screen."),
    Key("plus,equals_sign", "zoom(0.5)", "closer", "Show half as much of the x axis; the wheel too."),
    Key("minus", "zoom(2)", "farther", "Show twice as much of the x axis; the wheel too."),
    Key("left", "pan(-1)", "left", "The cursor, or what is shown, to the left."),
    Key("right", "pan(1)", "right", "The cursor, or what is shown, to the right."),
    Key("0", "reset", "reset", "Show all of the x axis."),
    Key("x", "log_x", "log x", "Logarithmic or linear x axis."),
    Key("o", "outliers", "outliers", "Leave the outermost values out of the y range."),
    Key("M", "marker", "marker", "Draw with braille or with blocks."),
    Key("escape", "back", "back", "Leave the full screen, then the values."),
)  # fmt: skip
"""Of every screen with charts: Live, Replay, Compare."""

LAB = Keys(
    "Lab",
    (
        Key("s,ctrl+r", "start", "start", "Train the preset with your changes.", footer=True),
        Key("ctrl+t", "queue", "queue", "Train it after the run that trains now.", footer=True),
        # The screen itself says / and m, where they do something.
        Key("slash", "filter", "filter", "Narrow the presets by name, folder or text."),
        Key("m", "measure", "time it", "Measure a few steps to tell how long it takes."),
        Key("e,dollar_sign", "edit", "YAML", "Edit the preset as YAML in $EDITOR.", footer=True),
        Key("w", "save", "save as", "Write a preset of your own.", footer=True),
        Key("ctrl+z", "revert", "revert", "Forget your changes; again brings them back."),
        Key("escape", "back", "presets", "Back to the presets.", footer=True),
    ),
)

PRESETS = Keys(
    "Presets",
    (
        Key("enter,right", "edit_fields", "fields", "Go to the preset's fields."),
        Key("j,down", "cursor_down", "down", "The next preset."),
        Key("k,up", "cursor_up", "up", "The preset before."),
    ),
)

FORM = Keys(
    "Fields",
    (
        Key("down,enter", "next", "next", "The next field."),
        Key("up", "previous", "before", "The field before."),
        Key("ctrl+n", "next_changed", "changed", "The next field that you changed.", footer=True),
        Key("ctrl+b", "reset", "reset", "Give this field its value from the preset.", footer=True),
    ),
)

CHOICE = Keys(
    "A choice",
    (
        Key("right,space", "turn(1)", "next", "The next choice."),
        Key("left", "turn(-1)", "before", "The choice before."),
    ),
)

RUNS = Keys(
    "Runs",
    (
        Key("enter", "open", "open", "Watch the run, or replay it.", footer=True),
        Key("space", "mark", "mark", "Mark the run for Compare, and go down.", footer=True),
        Key("slash", "filter", "filter", "status:finished val_loss<0.1 task.operation:add", footer=True),
        Key("c", "compare", "compare", "Lay the marked runs over one another.", footer=True),
        Key("o", "sort(1)", "sort", "Sort by the next column.", footer=True),
        Key("O", "sort(-1)", "sort back", "Sort by the column before."),
        Key("i", "flip", "turn round", "Turn the order round."),
        Key("n", "name", "name", "Give the run another name.", footer=True),
        Key("number_sign", "tag", "tags", "Set its tags, with blanks between."),
        Key("N", "note", "note", "Write a note about it."),
        Key("d", "clone", "clone", "Open its settings in the Lab."),
        Key("r", "resume", "resume", "Go on with a run that ended early."),
        Key("D,delete", "delete", "delete", "Move the run, or the marked ones, to the trash.", footer=True),
        Key("u", "undo", "undo", "Bring back what was deleted last."),
        Key("A", "mark_all", "mark all", "Mark all shown, or none."),
        Key("escape", "back", "back", "Leave the filter; again clears it.", footer=True),
    ),
)  # fmt: skip

TABLE = Keys(
    "A table",
    (
        Key("j,down", "move(1)", "down", "The next row."),
        Key("k,up", "move(-1)", "up", "The row before."),
        Key("pagedown", "page(1)", "page down", "A page down."),
        Key("pageup", "page(-1)", "page up", "A page up."),
        Key("home,g", "first", "first", "The first row."),
        Key("end,G", "last", "last", "The last row."),
        Key("left", "scroll(-8)", "left", "Columns to the left."),
        Key("right", "scroll(8)", "right", "Columns to the right."),
    ),
)

COMPARE = Keys(
    "Compare",
    (
        Key("m", "cycle_measure", "measure", "Which curve is compared.", footer=True),
        Key("a", "cycle_axis", "x axis", "Step, epoch, wall time, steps since memorized.", footer=True),
        Key("y", "log_y", "log y", "Logarithmic or linear values.", footer=True),
        *LOOK,
        Key("s", "group", "seeds", "Runs that differ only in seed as median and band.", footer=True),
        Key("z", "focus_run", "focus", "Dim all runs but the one under the cursor.", footer=True),
        Key("space", "drop", "drop", "Take the run out of the comparison."),
        Key("enter", "open", "open", "Open the run under the cursor.", footer=True),
    ),
)  # fmt: skip
