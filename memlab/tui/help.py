"""The help on `?`: the keys of what has focus and of all around it, from the tables of keys."""

from textual.content import Content
from textual.widget import Widget

from memlab.tui.dialogs import Tell
from memlab.tui.keys import Keys, around


def help_for(widget: Widget | None, screen: Widget) -> Tell:
    """A window with the keys that work now, the nearest first."""
    tables = [table for _, table in around(widget or screen)]
    width = max(len(key.shown) for table in tables for key in table.rows)
    return Tell(Content("Keys"), Content("\n\n").join(_section(table, width) for table in tables))


def _section(table: Keys, width: int) -> Content:
    lines = [Content.styled(table.title, "bold underline")]
    for key in table.rows:
        sign = Content.styled(key.shown.rjust(width), "bold")
        lines.append(Content.assemble(sign, "  ", key.help))
    return Content("\n").join(lines)
