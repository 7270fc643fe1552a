"""Output of commands: data on stdout, messages on stderr, no escape sequences from files."""

import json
import sys
from collections.abc import Sequence
from typing import Any, Literal

from rich.console import Console
from rich.table import Table
from rich.text import Text

from memlab.errors import MemlabError
from memlab.record.safe_text import safe_text


class _Console(Console):
    def on_broken_pipe(self) -> None:
        """Raise a broken pipe to the caller instead of exiting."""
        raise


def stderr() -> Console:
    """The rich console for messages, on stderr."""
    return _Console(stderr=True, highlight=False, soft_wrap=True)


def stdout() -> Console:
    """The rich console for results, on stdout."""
    return _Console(highlight=False)


def json_line(value: Any) -> str:
    """A JSON value on one line of ASCII; numbers that JSON lacks become null."""
    try:
        return json.dumps(value, allow_nan=False)
    except ValueError:
        return json.dumps(_finite(value))


def print_json(value: Any) -> None:
    """One JSON value on one line of stdout."""
    sys.stdout.write(json_line(value) + "\n")
    sys.stdout.flush()


def fail(error: MemlabError) -> int:
    """Print a user error on stderr; returns the exit code."""
    sys.stderr.write(f"memlab: {safe_text(str(error), limit=4000, lines=True)}\n")
    return 2


def table(
    headers: Sequence[str],
    rows: Sequence[Sequence[str]],
    numbers: Sequence[str] = (),
    *,
    one_line: bool = False,
) -> Table:
    """A plain table; columns named in `numbers` are right-aligned.

    If the terminal is too narrow, the first column and numbers are shortened last; other columns
    are wrapped, or with `one_line` shortened.
    """
    result = Table(
        box=None, pad_edge=False, header_style="bold", show_edge=False, show_header=any(headers)
    )
    for i, header in enumerate(headers):
        justify: Literal["left", "right"] = "right" if header in numbers else "left"
        whole = i == 0 or header in numbers
        overflow: Literal["ellipsis", "fold"] = "ellipsis" if whole or one_line else "fold"
        result.add_column(header, justify=justify, overflow=overflow, no_wrap=whole)
    for row in rows:
        # The cells forbid wrapping, not their columns: columns that do not wrap shrink last.
        result.add_row(*(Text(safe_text(cell), no_wrap=one_line or None) for cell in row))
    return result


def number(value: float | None, digits: int = 4) -> str:
    """A number with `digits` significant digits; a dash for None."""
    return "-" if value is None else f"{value:.{digits}g}"


def _finite(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(item) for item in value]
    if isinstance(value, float) and (value != value or value in (float("inf"), float("-inf"))):
        return None
    return value
