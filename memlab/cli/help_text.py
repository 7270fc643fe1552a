"""Help texts of commands, from their docstrings."""

import inspect
from collections.abc import Callable


def help_text(command: Callable[..., None]) -> str:
    """The docstring with each paragraph on one line: typer wraps lines, but does not join them."""
    paragraphs = (inspect.getdoc(command) or "").split("\n\n")
    return "\n\n".join(paragraph.replace("\n", " ") for paragraph in paragraphs)
