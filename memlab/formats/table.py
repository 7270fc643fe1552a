"""CSV and TSV with any header: Lightning, Keras, W&B and TensorBoard exports, `np.savetxt`.

Rows must match the header. A block without quotes is validated and split as a whole, which reads a
million rows in about a second. A block that contains quotes or does not match is read row by row,
and the error states the line.

    step,train_loss,val_loss
    10,2.31,
    20,,2.40
"""

import csv
from collections.abc import Sequence
from typing import final

from memlab.errors import DataError
from memlab.formats.parser import TextParser
from memlab.formats.run_builder import RunBuilder
from memlab.formats.table_columns import NotANumber, TableColumns
from memlab.formats.table_header import TableHeader, TableOptions, read_header
from memlab.formats.table_rows import Place, open_quote, read_numbers, read_rows

NO_NEWLINE = "the last line has no newline: if the file was cut off, so is its last number"


@final
class TableParser(TextParser):
    """Reads a table whose first line may be a header."""

    format = "csv"

    def __init__(self, where: str, name: str, options: TableOptions | None = None) -> None:
        super().__init__(where, name)
        self._options = options or TableOptions()
        self._columns: TableColumns | None = None
        """None until the header is read"""
        self._waiting = ""
        """lines before the header is known, or an incomplete quoted cell"""
        self._waiting_line = 1

    def builders(self) -> Sequence[RunBuilder]:
        """One run; for a W&B chart, one per run in it."""
        return list(self._columns.runs.values()) if self._columns else []

    def read_lines(self, data: bytes, line: int) -> None:
        """Read rows of numbers as bytes, other lines as text."""
        rows = None
        if self._columns is not None and not self._waiting:
            rows = read_numbers(data, line, self._columns.header)
        if self._columns is not None and rows is not None:
            self._columns.add(rows)
        else:
            super().read_lines(data, line)

    def read_block(self, text: str, line: int) -> None:
        self._read(*self._with_waiting(text, line))

    def read_unterminated(self, text: str, line: int) -> None:
        """Read the last line unless it is cut off."""
        text, line = self._with_waiting(text, line)
        n_warnings = len(self.warnings)
        if self._read(text, line, last=True) and len(self.warnings) == n_warnings:
            self.notes.append(NO_NEWLINE)

    def close(self) -> None:
        """
        Raises:
            DataError: a quote was not closed, so the rest of the file belongs to one cell.
        """
        super().close()
        if self._waiting and self._columns is not None:
            raise open_quote(Place(self.where, self._waiting_line))
        self._read(*self._with_waiting("", self._line), closing=True)
        if self._columns is None:
            raise DataError("the file contains no table", where=self.where, found="no line")
        if texts := self._columns.text_columns:
            self.notes.append(f"columns of text are left out: {', '.join(texts)}")

    def _with_waiting(self, text: str, line: int) -> tuple[str, int]:
        """The text after the lines that have not been read yet."""
        if self._waiting:
            text, line, self._waiting = self._waiting + text, self._waiting_line, ""
        return text, line

    def _read(self, text: str, line: int, *, last: bool = False, closing: bool = False) -> bool:
        """Read the header unless it is known, then rows; return whether there were rows.

        Args:
            text: lines.
            line: number of the first.
            last: whether the last line has no newline.
            closing: whether no line follows.
        """
        if self._columns is None:
            text, line = self._read_header(text, line, closing or last)
            text = text.rstrip("\n") if last else text
        if self._columns is None or not text.strip():
            return False
        self._read_rows(self._columns, text, line, last)
        return True

    def _read_header(self, text: str, line: int, closing: bool) -> tuple[str, int]:
        """Read the header; return the lines after it and the number of the first."""
        header_line, rest = "", text
        while rest and not header_line.strip():
            header_line, _, rest = rest.partition("\n")
            line += 1
        if not header_line.strip():
            return "", line
        following = next((row for row in rest.split("\n", 3) if row.strip()), "")
        if not following and not closing:
            self._waiting, self._waiting_line = header_line + "\n", line - 1
            return "", line
        try:
            header = read_header(header_line, following, self._options.renamed)
        except csv.Error as error:
            raise self.error("this is not CSV in UTF-8", line - 1, str(error)) from None
        self._check_names(header, line - 1)
        self._columns = TableColumns(header, self._options, self.where, self.name, self.notes)
        if header.kind == "wandb":
            self.notes.append("W&B samples the points of a chart that it exports")
        if header.first_row_is_data:
            self.notes.append(
                "there is no header: the first line contains numbers and is read as data"
            )
            return header_line + "\n" + rest, line - 1
        return rest, line

    def _check_names(self, header: TableHeader, line: int) -> None:
        duplicates = sorted({name for name in header.names if header.names.count(name) > 1})
        if duplicates:
            raise self.error("two columns have the same name", line, found=", ".join(duplicates))

    def _read_rows(self, columns: TableColumns, text: str, line: int, last: bool) -> None:
        rows = read_rows(text, Place(self.where, line), columns.header, last)
        if rows.waiting:
            self._waiting, self._waiting_line = rows.waiting, rows.waiting_line
        if rows.truncated is not None:
            self.warn_truncated(rows.truncated)
        if not rows.lines:
            return
        try:
            columns.add(rows)
        except NotANumber as error:
            if not last or error.line != rows.lines[-1]:
                raise
            self.warn_truncated(error.line)
            if rows.lines[:-1]:
                columns.add(rows.without_last())
