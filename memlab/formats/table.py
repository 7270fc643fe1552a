"""CSV and TSV with any header: Lightning, Keras, W&B and TensorBoard exports, `np.savetxt`.

Rows must match the header. A block without quotes is validated and split as a whole, which reads a
million rows in about a second. A block that contains quotes or does not match is read row by row,
and the error states the line.

    step,train_loss,val_loss
    10,2.31,
    20,,2.40
"""

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import final

import numpy as np
from numpy.typing import NDArray

from memlab.errors import DataError
from memlab.formats.choose import LOSS_NAMES, plain_name
from memlab.formats.parser import TextParser, shorten
from memlab.formats.run_builder import RunBuilder
from memlab.formats.table_header import TableHeader, is_number, read_header
from memlab.formats.table_rows import Place, RowBlock, decimal_comma, open_quote, read_rows

NO_NEWLINE = "the last line has no newline: if the file was cut off, so is its last number"
LONGEST_NUMBER = 1000
"""maximum number of characters of a number"""
Cells = tuple[NDArray[np.float64], NDArray[np.int64] | None]
"""values of a column in a block, and the rows that have a value; None = all"""


@dataclass(frozen=True)
class TableOptions:
    """How to read a table."""

    renamed: tuple[tuple[str, str], ...] = ()
    """(column, name); the name `step` marks the step column, `-` omits a column"""
    only: str | None = None
    """the only column to read; the others are not parsed"""


@final
class TableParser(TextParser):
    """Reads a table whose first line may be a header."""

    format = "csv"

    def __init__(self, where: str, name: str, options: TableOptions | None = None) -> None:
        super().__init__(where, name)
        self._options = options or TableOptions()
        self._header: TableHeader | None = None
        self._waiting = ""
        """lines before the header is known, or an incomplete quoted cell"""
        self._waiting_line = 1
        self._text_columns: set[int] = set()
        self._known_columns: set[int] = set()
        """columns in which a number has been read"""
        self._rows = 0
        self._runs: dict[str, RunBuilder] = {}

    def builders(self) -> Sequence[RunBuilder]:
        """One run; for a W&B chart, one per run in it."""
        return list(self._runs.values())

    @property
    def names(self) -> tuple[str, ...]:
        """Columns of the header; empty until it is read."""
        return self._header.names if self._header else ()

    def read_block(self, text: str, line: int) -> None:
        if self._waiting:
            text, line, self._waiting = self._waiting + text, self._waiting_line, ""
        if self._header is None:
            text, line = self._read_header(text, line)
        if text and self._header is not None:
            self._read_rows(text, line, last=False)

    def read_unterminated(self, text: str, line: int) -> None:
        """Read the last line unless it is cut off."""
        if self._waiting:
            text, line, self._waiting = self._waiting + text, self._waiting_line, ""
        if self._header is None:
            text, line = self._read_header(text + "\n", line, closing=True)
            text = text.rstrip("\n")
        if text.strip() and self._header is not None:
            n_warnings = len(self.warnings)
            self._read_rows(text, line, last=True)
            if len(self.warnings) == n_warnings:
                self.notes.append(NO_NEWLINE)

    def close(self) -> None:
        """
        Raises:
            DataError: a quote was not closed, so the rest of the file belongs to one cell.
        """
        super().close()
        if self._waiting and self._header is not None:
            raise open_quote(Place(self.where, self._waiting_line))
        if self._waiting:
            text, line, self._waiting = self._waiting, self._waiting_line, ""
            text, line = self._read_header(text, line, closing=True)
            if text:
                self._read_rows(text, line, last=False)
        if self._header is None:
            raise DataError("the file contains no table", where=self.where, found="no line")
        if self._text_columns:
            names = ", ".join(self._header.names[i] for i in sorted(self._text_columns))
            self.notes.append(f"columns of text are left out: {names}")

    def _read_header(self, text: str, line: int, closing: bool = False) -> tuple[str, int]:
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
            self._header = read_header(header_line, following, self._options.renamed)
        except csv.Error as error:
            raise self.error("this is not CSV in UTF-8", line - 1, str(error)) from None
        self._check_header(line - 1)
        if self._header.kind == "wandb":
            self.notes.append("W&B samples the points of a chart that it exports")
        if self._header.first_row_is_data:
            self.notes.append(
                "there is no header: the first line contains numbers and is read as data"
            )
            return header_line + "\n" + rest, line - 1
        return rest, line

    def _check_header(self, line: int) -> None:
        assert self._header is not None
        names = self._header.names
        duplicates = sorted({name for name in names if names.count(name) > 1})
        if duplicates:
            raise self.error("two columns have the same name", line, found=", ".join(duplicates))

    def _read_rows(self, text: str, line: int, last: bool) -> None:
        assert self._header is not None
        rows = read_rows(text, Place(self.where, line), self._header, last)
        if rows.waiting:
            self._waiting, self._waiting_line = rows.waiting, rows.waiting_line
        if rows.truncated is not None:
            self._warn_truncated(rows.truncated)
        if not rows.lines:
            return
        try:
            self._add(rows)
        except _NoNumber as error:
            if not (last and error.line == rows.lines[-1]):
                raise self._no_number(error) from None
            self._warn_truncated(error.line)
            if rows.lines[:-1]:
                self._add(rows.without_last())

    def _warn_truncated(self, line: int) -> None:
        self.warnings.append(f"line {line:,}, the last one, is cut off and left out")

    def _add(self, rows: RowBlock) -> None:
        assert self._header is not None
        header, lines = self._header, rows.lines
        numbers: dict[int, Cells] = {}
        for i in filter(self._wanted, range(len(header.names))):
            values = self._numbers(i, rows)
            if values is not None:
                numbers[i] = values
        steps = self._steps(numbers, lines)
        self._rows += len(lines)
        runs: dict[str, dict[str, Cells]] = {}
        for i, cells in numbers.items():
            if i != header.step:
                run, name = self._run_and_series(header.names[i])
                runs.setdefault(run, {})[name] = cells
        for run, series in runs.items():
            if run not in self._runs:
                step_name = "the row numbers" if header.step is None else header.names[header.step]
                self._runs[run] = RunBuilder(run, step_name=step_name)
            self._runs[run].add_rows(steps, series)

    def _wanted(self, i: int) -> bool:
        assert self._header is not None
        if i in self._text_columns and i != self._header.step:
            return False
        name = self._header.names[i]
        dropped = dict(self._options.renamed).get(name) == "-"
        return i == self._header.step or (not dropped and self._only in (None, name))

    @property
    def _only(self) -> str | None:
        """The only column to read, if the table has it."""
        only = self._options.only
        return only if self._header and only in self._header.names else None

    def _run_and_series(self, name: str) -> tuple[str, str]:
        """Run and series of a column."""
        assert self._header is not None
        if self._header.kind != "wandb":
            return self.name, name
        run, _, series = name.partition(" - ")
        return run, series

    def _numbers(self, i: int, rows: RowBlock) -> Cells | None:
        """Values of a column and their rows; None for a column of text."""
        if rows.numbers is not None:
            self._known_columns.add(i)
            return np.ascontiguousarray(rows.numbers[:, i]), None
        cells = rows.columns[i]
        try:
            values = np.fromiter(map(float, cells), np.float64, len(cells))
            # float() accepts 1_000, which no other program writes.
            if "_" not in "".join(cells) and max(map(len, cells)) <= LONGEST_NUMBER:
                self._known_columns.add(i)
                return values, None
        except ValueError:
            pass
        assert self._header is not None
        filled = [place for place, cell in enumerate(cells) if not self._is_empty(cell)]
        bad = [place for place in filled if not _is_number(cells[place])]
        texts = len(bad) == len(filled) and i not in self._known_columns
        if bad and texts and not self._must_hold_numbers(i, cells[bad[0]]):
            self._text_columns.add(i)
            return None
        if bad:
            raise _NoNumber(rows.lines[bad[0]], self._header.names[i], cells[bad[0]])
        if filled:
            self._known_columns.add(i)
        return np.array([float(cells[place]) for place in filled]), np.array(filled, np.int64)

    def _must_hold_numbers(self, i: int, cell: str) -> bool:
        """Whether a column whose cell is not a number is an error rather than a column of text."""
        assert self._header is not None
        name = self._header.names[i]
        loss = plain_name(name) in LOSS_NAMES or len(self._header.names) == 1
        requested = i == self._header.step or name == self._only
        return loss or requested or decimal_comma(cell.split(","))

    def _is_empty(self, cell: str) -> bool:
        """Whether a cell has no value; Keras writes NA."""
        assert self._header is not None
        return not cell.strip() or (self._header.kind == "keras" and cell.strip() == "NA")

    def _steps(
        self,
        numbers: Mapping[int, Cells],
        lines: Sequence[int],
    ) -> NDArray[np.int64]:
        """The step of each row."""
        assert self._header is not None
        counted = np.arange(self._rows + 1, self._rows + len(lines) + 1)
        index = self._header.step
        if index is None:
            return counted
        values, rows = numbers[index]
        name = self._header.names[index]
        if rows is not None and len(rows) < len(lines):
            (missing,) = np.nonzero(~np.isin(np.arange(len(lines)), rows))
            raise self.error(f"the row has no step in column {name!r}", lines[int(missing[0])])
        with np.errstate(invalid="ignore"):
            steps = values.astype(np.int64)
        odd = ~(np.abs(values) < 2**53) | (steps != values)
        counts = name.lower() == "epoch" and not self._header.step_chosen
        if counts and self._rows == 0 and (odd.any() or _repeats(values)):
            self.notes.append(f"{name} does not count steps, so the row number is the step")
            self._header = TableHeader(self._header.names, self._header.separator, None)
            return counted
        if odd.any():
            place = int(np.flatnonzero(odd)[0])
            raise self.error(
                f"the step in column {name!r} is not a whole number",
                lines[place],
                found=f"{values[place]}",
            )
        return steps

    def _no_number(self, error: "_NoNumber") -> DataError:
        cell = error.cell.strip()
        assert self._header is not None
        hint = "--map COLUMN=- leaves out a column"
        if decimal_comma(cell.split(",")):
            hint = "is this a decimal comma? Numbers need a decimal point"
        elif cell == error.column:
            hint = "this line repeats the header"
        elif cell.lower() in ("na", "n/a", "none", "null", "-", "?"):
            hint = "leave a cell empty where nothing was logged, or write nan"
        return self.error(
            f"a value in column {error.column!r} is not a number", error.line,
            found=repr(shorten(error.cell)), hint=hint,
        )  # fmt: skip


class _NoNumber(Exception):
    """A cell that should be a number is not."""

    def __init__(self, line: int, column: str, cell: str) -> None:
        super().__init__(line, column, cell)
        self.line, self.column, self.cell = line, column, cell


def _is_number(cell: str) -> bool:
    return len(cell) <= LONGEST_NUMBER and is_number(cell)


def _repeats(steps: NDArray[np.float64]) -> bool:
    """Whether consecutive steps are often equal, because an epoch has many rows."""
    return len(steps) > 2 and float(np.mean(np.diff(steps) == 0)) > 0.2
