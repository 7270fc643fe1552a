"""Columns of numbers by name, for notebooks."""

from collections.abc import Iterable, Mapping, Sequence
from html import escape
from textwrap import shorten
from typing import TYPE_CHECKING, Any, final

import numpy as np
from numpy.typing import NDArray

from memlab.errors import MemlabError, RunError, nearest
from memlab.record.safe_text import safe_text

if TYPE_CHECKING:
    import pandas

MAX_HTML_ROWS = 20
"""rows that a notebook shows"""


class MissingColumn(RunError, KeyError):
    """There is no column of that name. Also a `KeyError`, as mappings raise."""


@final
class Columns(dict[str, NDArray[Any]]):
    """Columns by name, each (row,), all of one length; `step` first. Accepted by
    `pandas.DataFrame(...)`.
    """

    def frame(self) -> "pandas.DataFrame":
        """The columns as a pandas frame, one row per step or evaluation.

        Raises:
            MemlabError: pandas is not installed.
        """
        try:
            import pandas
        except ImportError:
            raise MemlabError(
                "pandas is not installed",
                hint="`pip install pandas`; the columns themselves are numpy arrays",
            ) from None
        return pandas.DataFrame(self)

    def __missing__(self, name: str) -> NDArray[Any]:
        raise MissingColumn(
            f"there is no column {name!r}", allowed=", ".join(self), hint=nearest(str(name), self)
        )

    def __repr__(self) -> str:
        names = shorten(", ".join(self), 120, placeholder=" ...")
        return f"<{self._rows:,} rows of {len(self)} columns: {names}>"

    def _repr_html_(self) -> str:
        """An HTML table of the first rows, and the number of rows."""
        rows = min(self._rows, MAX_HTML_ROWS)
        lines = [self._html_row("th", self)]
        lines += [
            self._html_row("td", (_text(column[i]) for column in self.values()))
            for i in range(rows)
        ]
        more = f"<p>{rows} of {self._rows:,} rows</p>" if rows < self._rows else ""
        return f"<table>{''.join(lines)}</table>{more}"

    @property
    def _rows(self) -> int:
        return max(map(len, self.values()), default=0)

    @staticmethod
    def _html_row(tag: str, texts: Iterable[str]) -> str:
        cells = (f"<{tag}>{escape(safe_text(text))}</{tag}>" for text in texts)
        return f"<tr>{''.join(cells)}</tr>"


def _text(value: Any) -> str:
    return f"{value:.6g}" if isinstance(value, float | np.floating) else str(value)


def columns_of(lists: Mapping[str, Sequence[Any]]) -> Columns:
    """Columns from lists: integers as int64, other numbers as float64 with NaN for None, anything
    else as objects.
    """
    return Columns({name: _array(values) for name, values in lists.items()})


def _array(values: Sequence[Any]) -> NDArray[Any]:
    kinds = {type(value) for value in values}
    if kinds == {int}:
        return np.array(values, np.int64)
    if kinds <= {int, float, type(None)}:
        return np.array([np.nan if v is None else v for v in values], np.float64)
    array = np.empty(len(values), object)
    array[:] = values
    return array
