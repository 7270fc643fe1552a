"""The help on `?`: the keys of the focused widget and its ancestors, from the key tables."""

from collections.abc import Iterable

from textual.content import Content
from textual.widget import Widget
from textual.widgets import Input

from memlab.tui.dialogs import MessageBox
from memlab.tui.keys import Key, Keys, around

TYPING = "Keys; letters are typed into the input, esc leaves it"


def help_for(widget: Widget | None, screen: Widget) -> MessageBox:
    """A window with the keys that work now, the nearest first."""
    tables = list(_reachable(table for _, table in around(widget or screen)))
    width = max(len(key.shown) for _, rows in tables for key in rows)
    title = TYPING if isinstance(widget, Input) else "Keys"
    text = Content("\n\n").join(_section(title, rows, width) for title, rows in tables)
    return MessageBox(Content(title), text)


def _reachable(tables: Iterable[Keys]) -> Iterable[tuple[str, list[Key]]]:
    """The title and rows of each table, without those that a nearer one takes for itself."""
    used: set[str] = set()
    for table in tables:
        rows = [key for key in table.rows if not used.issuperset(key.press.split(","))]
        used.update(press for key in rows for press in key.press.split(","))
        yield table.title, rows


def _section(title: str, rows: Iterable[Key], width: int) -> Content:
    lines = [Content.styled(title, "bold underline")]
    for key in rows:
        sign = Content.styled(key.shown.rjust(width), "bold")
        lines.append(Content.assemble(sign, "  ", key.help))
    return Content("\n").join(lines)
