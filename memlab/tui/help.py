"""The help on `?`: the keys of the focused widget and its ancestors, in columns, with search."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from textwrap import wrap
from typing import ClassVar, final

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.geometry import Size
from textual.reactive import reactive
from textual.widget import Widget
from textual.widgets import Input

from memlab.tui.dialogs import Dialog
from memlab.tui.keys import Key, Keys, around

TYPING = "Keys; letters are typed into the input, esc leaves it"
WIDTH = 54
"""Cells of a column."""
GAP = 3


@final
@dataclass(frozen=True)
class HelpSection:
    """The keys of one table that apply now."""

    title: str
    rows: tuple[Key, ...]

    def filtered(self, words: Sequence[str]) -> "HelpSection":
        """Only the keys whose text contains all words."""
        rows = tuple(key for key in self.rows if all(word in _text(key) for word in words))
        return HelpSection(self.title, rows)

    def lines(self, width: int) -> list[Content]:
        """The title, the keys with their wrapped texts, and a blank line."""
        lines = [Content.styled(self.title, "bold underline")]
        width_of_keys = max((len(key.shown) for key in self.rows), default=0)
        room = max(width - width_of_keys - 2, 1)
        for key in self.rows:
            keys = key.shown
            for text in wrap(key.help, room):
                sign = Content.styled(keys.rjust(width_of_keys), "bold")
                lines.append(Content.assemble(sign, "  ", text).truncate(width, ellipsis=True))
                keys = ""
        return [*lines, Content("")]


def _text(key: Key) -> str:
    return f"{key.shown} {key.label} {key.help}".lower()


@final
class _Columns(Widget):
    """The sections, in as many columns as fit the current width."""

    DEFAULT_CSS = "_Columns { height: auto; }"
    sections: reactive[Sequence[HelpSection]] = reactive((), layout=True)

    def __init__(self, sections: Sequence[HelpSection]) -> None:
        super().__init__(id="keys")
        self.set_reactive(_Columns.sections, sections)

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        return self._text(width).plain.count("\n") + 1

    def render(self) -> Content:
        return self._text(self.size.width)

    def _text(self, width: int) -> Content:
        return laid_out(self.sections, width) if self.sections else Content("no key matches")


@final
class Help(Dialog[None]):
    """Lists the keys; typing filters them."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,enter", "dismiss(None)", "back", show=False, priority=True),
        Binding("question_mark", "dismiss(None)", "back", show=False, priority=True),
        Binding("down", "scroll_keys(1)", show=False),
        Binding("up", "scroll_keys(-1)", show=False),
        Binding("pagedown", "scroll_keys(10)", show=False),
        Binding("pageup", "scroll_keys(-10)", show=False),
    ]
    DEFAULT_CSS = """
    Help { align: center middle; background: $background 60%; }
    Help #box {
        width: 96%; height: 96%; padding: 0 1; border: round $primary; background: $surface;
    }
    Help Input { background: $boost; }
    Help VerticalScroll { height: 1fr; margin-top: 1; }
    """

    def __init__(self, title: str, sections: Sequence[HelpSection]) -> None:
        super().__init__()
        self.heading, self.sections = title, sections

    def compose(self) -> ComposeResult:
        with Vertical(id="box") as box:
            box.border_title = Content(self.heading)
            box.border_subtitle = Content("esc back")
            yield Input(placeholder="type to search", compact=True)
            with VerticalScroll(can_focus=False):
                yield _Columns(self.sections)

    @on(Input.Changed)
    def _list(self) -> None:
        words = self.query_one(Input).value.lower().split()
        sections = [section.filtered(words) for section in self.sections]
        self.query_one(_Columns).sections = [section for section in sections if section.rows]

    def action_scroll_keys(self, by: int) -> None:
        self.query_one(VerticalScroll).scroll_relative(y=by, animate=False)


def laid_out(sections: Sequence[HelpSection], width: int) -> Content:
    """Sections in as many columns as `width` has room for; no section is split."""
    n = max(min((width + GAP) // WIDTH, len(sections)), 1)
    each = max((width + GAP) // n - GAP, 1)
    columns: list[list[Content]] = [[] for _ in range(n)]
    for section in sections:
        min(columns, key=len).extend(section.lines(each))
    rows = zip_longest(*columns, fillvalue=Content(""))
    return Content("\n").join(
        [Content("").join([cell.pad_right(each + GAP - cell.cell_length) for cell in row]).rstrip()
         for row in rows]
    )  # fmt: skip


def help_for(widget: Widget | None, screen: Widget) -> Help:
    """The keys that apply now, those of the screen first."""
    nodes = around(widget or screen)
    sections = [*_reachable(table for _, table in nodes)]
    title = TYPING if isinstance(widget, Input) else "Keys"
    ordered = sorted(zip(nodes, sections, strict=True), key=lambda pair: pair[0][0] is not screen)
    return Help(title, [section for _, section in ordered if section.rows])


def _reachable(tables: Iterable[Keys]) -> Iterable[HelpSection]:
    """Each table without keys that a more specific table overrides."""
    used: set[str] = set()
    for table in tables:
        rows = [key for key in table.rows if not used.issuperset(key.press.split(","))]
        used.update(press for key in rows for press in key.press.split(","))
        yield HelpSection(table.title, tuple(rows))
