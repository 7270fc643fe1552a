"""The rows of a table: cells that match the header, or an error that states the line.

A block without quotes is validated and split as a whole; other blocks are read row by row.
"""

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from memlab.errors import DataError
from memlab.formats.decimal_text import parse_decimals
from memlab.formats.parser import line_error, shorten
from memlab.formats.table_header import TableHeader, is_number, split

LONGEST_LINE = 1 << 16
"""maximum number of bytes of a line in a block that is split as a whole"""
LONGEST_NUMBER = 1000
"""maximum number of characters of a number"""
NEWLINE = ord("\n")


@dataclass(frozen=True)
class Place:
    """File and first line of a block of text."""

    where: str
    line: int

    def error(self, what: str, row: int, found: str | None = None, **more: str) -> DataError:
        """An error in a row of the block."""
        return line_error(self.where, self.line + row, what, found, **more)


@dataclass(frozen=True)
class RowBlock:
    """The cells of a block."""

    columns: list[list[str]]
    lines: Sequence[int]
    """the line of each row"""
    numbers: NDArray[np.float64] | None = None
    """(row, column) if every cell is a number or empty; then `columns` is empty"""
    filled: NDArray[np.bool_] | None = None
    """(row, column) whether a cell of `numbers` is not empty"""
    waiting: str = ""
    """the beginning of a row that ends in a later block"""
    waiting_line: int = 0
    truncated: int | None = None
    """line of the last row if it is cut off"""

    def without_last(self) -> "RowBlock":
        """The block without its last row."""
        return RowBlock([column[:-1] for column in self.columns], self.lines[:-1])


def read_rows(text: str, place: Place, header: TableHeader, last: bool) -> RowBlock:
    """The rows of whole lines.

    Args:
        text: lines; the last line of the file may have no newline.
        place: file and first line of `text`.
        header: the header that rows must match.
        last: whether the file ends with this text, perhaps within a row.

    Raises:
        DataError: a row does not match the header.
    """
    data = text.encode()
    rows = read_numbers(data, place.line, header)
    if rows is not None:
        return rows
    separator, n = header.separator, len(header.names)
    whole = data if data.endswith(b"\n") else data + b"\n"
    if '"' in text or _cell_ends(whole, separator, n) is None:
        return _read_by_row(text, place, header, last)
    lines = text.removesuffix("\n").split("\n")
    if n == 1:
        filled = [i for i, cell in enumerate(lines) if cell.strip()]  # blank lines are not rows
        return RowBlock([[lines[i] for i in filled]], [place.line + i for i in filled])
    cells = separator.join(lines).split(separator)
    return RowBlock([cells[i::n] for i in range(n)], range(place.line, place.line + len(lines)))


def read_numbers(data: bytes, line: int, header: TableHeader) -> RowBlock | None:
    """The rows in the bytes of whole lines if every cell is a number or empty; otherwise None.

    Args:
        data: lines; the last line of the file may have no newline.
        line: number of the first line.
        header: the header that rows must match.
    """
    if b"\r" in data:
        data = data.replace(b"\r\n", b"\n")
    data = data if data.endswith(b"\n") else data + b"\n"
    ends = _cell_ends(data, header.separator, len(header.names))
    parsed = None if ends is None else parse_decimals(data, ends.ravel())
    if ends is None or parsed is None:
        return None
    values, filled = parsed[0].reshape(ends.shape), parsed[1].reshape(ends.shape)
    if not filled.any(axis=1).all():  # blank lines are not rows
        return None
    return RowBlock([], range(line, line + len(values)), values, filled)


def _cell_ends(data: bytes, separator: str, n: int) -> NDArray[np.int64] | None:
    """(line, column) offset of the character after each cell; None if a line has not `n` cells.

    Blanks as separators and very long lines are not supported either.
    """
    if separator == " ":
        return None
    text = np.frombuffer(data, np.uint8)
    ends = np.flatnonzero((text == NEWLINE) | (text == ord(separator)))
    if len(ends) % n:
        return None
    by_line = ends.reshape(-1, n)
    is_newline = text[by_line] == NEWLINE
    if is_newline[:, :-1].any() or not is_newline[:, -1].all():
        return None
    longest = np.diff(by_line[:, -1], prepend=-1).max()
    return by_line if longest <= min(LONGEST_LINE, LONGEST_NUMBER * n) else None


def _read_by_row(text: str, place: Place, header: TableHeader, last: bool) -> RowBlock:
    n = len(header.names)
    texts = text.split("\n")
    total = len(texts) - text.endswith("\n")
    columns: list[list[str]] = [[] for _ in range(n)]
    lines: list[int] = []
    end = 0
    """number of lines read"""
    try:
        for begin, end, row in _rows(text, header.separator):
            if not any(cell.strip() for cell in row) and (n == 1 or len(row) <= 1):
                continue
            if last and end >= total and len(row) < n:
                return RowBlock(columns, lines, truncated=place.line + begin)
            if len(row) != n:
                raise _misfit(row, header, place, begin, texts[begin])
            _check_swallowed(row, header, place, begin)
            for column, cell in zip(columns, row, strict=True):
                column.append(cell)
            lines.append(place.line + begin)
    except csv.Error as error:
        if "unexpected end" not in str(error) or (last and end + 1 < total):
            raise open_quote(Place(place.where, place.line + end), str(error)) from None
        if last:
            return RowBlock(columns, lines, truncated=place.line + end)
        return RowBlock(
            columns, lines, waiting="\n".join(texts[end:]), waiting_line=place.line + end
        )
    return RowBlock(columns, lines)


def _rows(text: str, separator: str) -> Iterator[tuple[int, int, list[str]]]:
    """(first line, line after the last, cells) of each row."""
    if separator == " ":
        for i, line in enumerate(text.split("\n")):
            yield i, i + 1, line.split()
        return
    reader = csv.reader(io.StringIO(text), delimiter=separator, strict=True)
    begin = 0
    for row in reader:
        yield begin, reader.line_num, row
        begin = reader.line_num


def _misfit(row: list[str], header: TableHeader, place: Place, at: int, text: str) -> DataError:
    expected = len(header.names)
    hint = "every row needs as many cells as the header"
    if header.separator == "," and len(row) > expected and decimal_comma(row):
        hint = "is this a decimal comma? Numbers need a decimal point"
    elif text.count('"') % 2:
        hint = "there is a stray quote in the line"
    elif len(row) < expected:
        hint = "the row is cut off, or cells of it are missing"
    return place.error(
        "the row does not match the header",
        at,
        f"{len(row)} cell{'s' * (len(row) != 1)}: {shorten(text, 60)}",
        allowed=f"{expected} cell{'s' * (expected != 1)}: {shorten(', '.join(header.names), 60)}",
        hint=hint,
    )


def _check_swallowed(row: list[str], header: TableHeader, place: Place, at: int) -> None:
    """Raise an error if a cell contains whole rows, because of two stray quotes."""
    for cell in row:
        for inner in cell.split("\n")[1:-1] if "\n" in cell else ():
            cells = split(inner.replace('"', ""), header.separator)
            if len(cells) == len(header.names) and any(map(is_number, cells)):
                raise open_quote(Place(place.where, place.line + at))


def open_quote(place: Place, found: str | None = None) -> DataError:
    """The error for a quote that is not closed, so that later rows become part of its cell."""
    return place.error(
        "the row has a quote that is not closed in it",
        0,
        found,
        hint="there is a stray quote in the line, or the file ends within a cell",
    )


def decimal_comma(parts: Sequence[str]) -> bool:
    """Whether parts separated by commas look like numbers with a decimal comma."""
    pieces = [part.strip() for part in parts]
    return (
        len(pieces) > 1
        and pieces[0].lstrip("+-").isdecimal()
        and any(piece[:1].isdecimal() for piece in pieces[1:])
    )
