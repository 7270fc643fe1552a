"""The content of a report as immutable data; `html` and `markdown` render it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, final

from memlab.figures.plot import FigureData

Cell = str | int | float | None
"""a recorded value; numbers are rounded when rendered"""


@final
@dataclass(frozen=True)
class Text:
    """A paragraph."""

    text: str


@final
@dataclass(frozen=True)
class Code:
    """Commands, one per line."""

    text: str


@final
@dataclass(frozen=True)
class ReportTable:
    """A table with a header row."""

    headers: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    caption: str = ""


@final
@dataclass(frozen=True, eq=False)
class Picture:
    """A figure and the `memlab plot` command that makes it."""

    data: FigureData
    command: str


Block = Text | Code | ReportTable | Picture


@final
@dataclass(frozen=True, eq=False)
class Section:
    """A heading and its blocks."""

    title: str
    blocks: tuple[Block, ...]


@final
@dataclass(frozen=True, eq=False)
class Page:
    """A report."""

    title: str
    subtitle: str
    sections: tuple[Section, ...]

    @property
    def pictures(self) -> Iterator[Picture]:
        """All figures in order."""
        for section in self.sections:
            yield from (block for block in section.blocks if isinstance(block, Picture))


def section(title: str, *blocks: Block | None) -> list[Section]:
    """A section with the blocks that are not None; no section if all are None."""
    present = tuple(block for block in blocks if block is not None)
    return [Section(title, present)] if present else []


def table(
    headers: Sequence[str], rows: Sequence[Sequence[Any]], caption: str = ""
) -> ReportTable | None:
    """A table; None if there are no rows. Values of other types are converted to text."""
    cells = tuple(tuple(_cell(value) for value in row) for row in rows)
    return ReportTable(tuple(headers), cells, caption) if rows else None


def _cell(value: Any) -> Cell:
    if isinstance(value, bool):
        return str(value).lower()
    return value if value is None or isinstance(value, str | int | float) else str(value)


def shown(cell: Cell) -> str:
    """A cell as text: floats with four significant digits, integers with all digits."""
    if cell is None:
        return "–"
    if isinstance(cell, int):
        return f"{cell:,}"
    return f"{cell:.4g}" if isinstance(cell, float) else cell
