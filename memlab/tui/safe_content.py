"""Text from files and errors, made safe for display."""

import traceback

from textual.content import Content
from textual.style import Style

from memlab.errors import MemlabError
from memlab.record.safe_text import safe_text


def safe(text: str, limit: int = 120, *, lines: bool = False, style: str | Style = "") -> Content:
    """Text from a file as content that cannot add markup, break lines or control the terminal.

    Markup stays text; control, bidirectional and invisible characters become visible escapes.

    Args:
        text: any text from files, such as a name, a prompt or a setting.
        limit: maximum number of characters.
        lines: keep line breaks.
        style: style of the whole text; never from a file.
    """
    return Content.styled(safe_text(text, limit, lines), style)


def one_line(problem: Exception) -> str:
    """An error in one line, safe to show; the parts of a user error stay separate."""
    return safe(" · ".join(line.strip() for line in str(problem).splitlines()), 200).plain


def error_text(problem: Exception) -> Content:
    """An error in full: user errors and external conditions as they are, a bug with its traceback."""
    if isinstance(problem, MemlabError | OSError):
        return safe(str(problem), 4000, lines=True)
    return safe("".join(traceback.format_exception(problem)), 20000, lines=True)
