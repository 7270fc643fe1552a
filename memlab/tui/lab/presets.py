"""The list of presets by folder, and the description of the selected one."""

from collections.abc import Iterator, Sequence
from itertools import groupby
from operator import attrgetter
from typing import ClassVar, Literal

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.message import Message
from textual.widgets import Input, OptionList, Static
from textual.widgets.option_list import Option

from memlab.preset.load import Available
from memlab.tui import keys
from memlab.tui.safe_content import safe

NO_MATCH = "no preset matches"


class PresetOptions(OptionList):
    """The presets as options, grouped by folder."""

    KEYS = keys.PRESETS
    BINDINGS: ClassVar[list[BindingType]] = KEYS.bindings()

    def action_edit_fields(self) -> None:
        self.action_select()

    def _move_page(self, direction: Literal[-1, 1]) -> None:
        """Do nothing if the terminal has no room for the list: Textual would raise an error."""
        if self.size:
            super()._move_page(direction)


class Presets(Vertical):
    """A filter, the list of presets, and a description."""

    class PresetChosen(Message):
        """The cursor moved to another preset."""

        def __init__(self, chosen: Available) -> None:
            super().__init__()
            self.chosen = chosen

    class PresetOpened(Message):
        """Edit the preset under the cursor."""

    def __init__(self, presets: Sequence[Available]) -> None:
        super().__init__(id="presets")
        self._presets = list(presets)

    def compose(self) -> ComposeResult:
        yield Input(placeholder="/ filter", compact=True, id="preset-filter")
        yield PresetOptions(compact=True, markup=False)
        with VerticalScroll(id="about", can_focus=False):
            yield Static()

    def on_mount(self) -> None:
        self._list("")

    def show(self, presets: Sequence[Available], name: str) -> None:
        """List other presets, with the cursor on the one named."""
        self._presets = list(presets)
        self._list(self.query_one(Input).value)
        self._point(name)

    @property
    def name_at_cursor(self) -> str | None:
        option = self.query_one(PresetOptions).highlighted_option
        return option.id if option else None

    def _point(self, name: str) -> None:
        options = self.query_one(PresetOptions)
        for i in range(options.option_count):
            if options.get_option_at_index(i).id == name:
                options.highlighted = i

    def _list(self, query: str) -> None:
        options = self.query_one(PresetOptions)
        options.clear_options()
        words = query.lower().split()
        matches = [one for one in self._presets if all(word in _text(one) for word in words)]
        options.add_options(
            _options(matches) if matches or not query else [Option(NO_MATCH, disabled=True)]
        )
        options.action_first()
        named = next((one for one in sorted(matches, key=_place) if _is_named(one, words)), None)
        if named:  # before one that has the words only in its description
            self._point(named.name)

    def focus_filter(self) -> None:
        self.screen.set_focus(self.query_one(Input))

    def focus_list(self) -> None:
        self.query_one(PresetOptions).focus()

    @on(Input.Changed)
    def _filter(self, event: Input.Changed) -> None:
        event.stop()
        self._list(event.value)

    @on(Input.Submitted)
    def _filtered(self, event: Input.Submitted) -> None:
        event.stop()
        self.focus_list()

    @on(OptionList.OptionHighlighted)
    def _highlighted(self, event: OptionList.OptionHighlighted) -> None:
        event.stop()
        chosen = next(one for one in self._presets if one.name == event.option.id)
        problem = safe(str(chosen.problem), 2000, lines=True, style="$text-error")
        about = safe(chosen.about, 2000) if chosen.preset else problem
        self.query_one("#about Static", Static).update(about)
        self.set_class(chosen.preset is None, "-problem")
        self.post_message(self.PresetChosen(chosen))

    @on(OptionList.OptionSelected)
    def _selected(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        self.post_message(self.PresetOpened())


def _options(presets: Sequence[Available]) -> Iterator[Option]:
    for folder, members in groupby(sorted(presets, key=_place), attrgetter("folder")):
        yield Option(safe(f"{folder}/"), disabled=True)
        for one in members:
            sign = "✗ " if one.problem else "  "
            yield Option(Content.assemble((sign, "$text-error"), safe(one.name)), id=one.name)


def _place(one: Available) -> tuple[str, str]:
    return (one.folder, one.name)


def _is_named(one: Available, words: Sequence[str]) -> bool:
    return all(word in one.name.lower() for word in words)


def _text(one: Available) -> str:
    return f"{one.folder}/ {one.name} {one.about}".lower()
