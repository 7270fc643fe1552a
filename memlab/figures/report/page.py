"""What a report says, as immutable data; `html` and `markdown` write it down."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, final

from memlab.figures.plot import FigureData

Cell = str | int | float | None
"""a value as it was recorded; numbers are rounded where they are shown"""


@final
@dataclass(frozen=True)
class Text:
    text: str


@final
@dataclass(frozen=True)
class Code:
    """Commands, one a line."""

    text: str


@final
@dataclass(frozen=True)
class ReportTable:
    """Values under headings."""

    headers: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    caption: str = ""


@final
@dataclass(frozen=True, eq=False)
class Picture:
    """A figure and the command that makes it."""

    data: FigureData
    command: str


Block = Text | Code | ReportTable | Picture


@final
@dataclass(frozen=True, eq=False)
class Section:
    """Blocks under a heading."""

    title: str
    blocks: tuple[Block, ...]


@final
@dataclass(frozen=True, eq=False)
class Page:
    title: str
    subtitle: str
    sections: tuple[Section, ...]

    @property
    def pictures(self) -> Iterator[Picture]:
        """All figures in their order."""
        for section in self.sections:
            yield from (block for block in section.blocks if isinstance(block, Picture))


def section(title: str, *blocks: Block | None) -> list[Section]:
    """A section with the blocks that are not None; None if there are none."""
    given = tuple(block for block in blocks if block is not None)
    return [Section(title, given)] if given else []


def table(
    headers: Sequence[str], rows: Sequence[Sequence[Any]], caption: str = ""
) -> ReportTable | None:
    """A table, unless it has no rows. Values that are no cells are written as text."""
    cells = tuple(tuple(_cell(value) for value in row) for row in rows)
    return ReportTable(tuple(headers), cells, caption) if rows else None


def _cell(value: Any) -> Cell:
    if isinstance(value, bool):
        return str(value).lower()
    return value if value is None or isinstance(value, str | int | float) else str(value)


def shown(cell: Cell) -> str:
    """A cell as people read it: four digits of a measured number, all of a count."""
    if cell is None:
        return "–"
    if isinstance(cell, int):
        return f"{cell:,}"
    return f"{cell:.4g}" if isinstance(cell, float) else cell
