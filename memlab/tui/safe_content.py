"""Text that was found in files, made fit to be shown."""

from textual.content import Content
from textual.style import Style

from memlab.record.safe_text import safe_text


def safe(text: str, limit: int = 120, *, lines: bool = False, style: str | Style = "") -> Content:
    """Text from a file as content that cannot add markup, break lines or control the terminal.

    Markup stays text; control, bidirectional and invisible characters become visible escapes.

    Args:
        text: a name, a prompt, a setting: anything that people or files made.
        limit: characters at most.
        lines: keep line breaks.
        style: how the whole of it is to look; this comes from us, never from a file.
    """
    return Content.styled(safe_text(text, limit, lines), style)


def one_line(problem: Exception) -> str:
    """An error in one line, safe to show; the parts of a user error stay separate."""
    return safe(" · ".join(line.strip() for line in str(problem).splitlines()), 200).plain
