"""Converts the cells of a table into runs: numbers by column, and the step of each row."""

from collections.abc import Mapping, Sequence
from typing import final

import numpy as np
from numpy.typing import NDArray

from memlab.errors import DataError
from memlab.formats.choose import LOSS_NAMES, plain_name
from memlab.formats.parser import line_error, shorten
from memlab.formats.run_builder import RunBuilder
from memlab.formats.table_header import TableHeader, TableOptions, is_number
from memlab.formats.table_rows import LONGEST_NUMBER, RowBlock, decimal_comma

Cells = tuple[NDArray[np.float64], NDArray[np.int64] | None]
"""values of a column in a block, and the rows that have a value; None = all"""


class NotANumber(DataError):
    """A cell that should be a number is not."""

    line: int


@final
class TableColumns:
    """The columns of a table whose header is known."""

    def __init__(
        self,
        header: TableHeader,
        options: TableOptions,
        where: str,
        name: str,
        notes: list[str],
    ) -> None:
        """
        Args:
            where: the file, for messages.
            name: name of the run, unless the header names runs.
            notes: properties of the table that matter to readers are appended to it.
        """
        self.header, self.notes = header, notes
        self.runs: dict[str, RunBuilder] = {}
        """one run; for a W&B chart, one per run in it"""
        self._where, self._name = where, name
        self._dropped = {column for column, new in options.renamed if new == "-"}
        self._only = options.only if options.only in header.names else None
        self._step = header.step
        """index of the step column; None = the row number, from 1, is the step"""
        self._text_columns: set[int] = set()
        self._known_columns: set[int] = set()
        """columns in which a number has been read"""
        self._rows = 0

    @property
    def text_columns(self) -> list[str]:
        """Columns that are left out because they contain text."""
        return [self.header.names[i] for i in sorted(self._text_columns)]

    def add(self, rows: RowBlock) -> None:
        """Add a block of rows.

        Raises:
            NotANumber: a cell is not a number.
            DataError: a row has no step, or one that is not a whole number.
        """
        numbers: dict[int, Cells] = {}
        for i in filter(self._is_wanted, range(len(self.header.names))):
            values = self._numbers(i, rows)
            if values is not None:
                numbers[i] = values
        steps = self._steps(numbers, rows.lines)
        self._rows += len(rows.lines)
        runs: dict[str, dict[str, Cells]] = {}
        for i, cells in numbers.items():
            if i != self._step and self._is_wanted(i):
                run, series = self._run_and_series(self.header.names[i])
                runs.setdefault(run, {})[series] = cells
        for run, columns in runs.items():
            if run not in self.runs:
                self.runs[run] = RunBuilder(run, step_name=self._step_name)
            self.runs[run].add_rows(steps, columns)

    @property
    def _step_name(self) -> str:
        return "the row numbers" if self._step is None else self.header.names[self._step]

    def _is_wanted(self, i: int) -> bool:
        if i == self._step:
            return True
        name = self.header.names[i]
        is_dropped = i in self._text_columns or name in self._dropped
        return not is_dropped and self._only in (None, name)

    def _run_and_series(self, name: str) -> tuple[str, str]:
        """Run and series of a column."""
        if self.header.kind != "wandb":
            return self._name, name
        run, _, series = name.partition(" - ")
        return run, series

    def _numbers(self, i: int, rows: RowBlock) -> Cells | None:
        """Values of a column and their rows; None for a column of text."""
        if rows.numbers is not None and rows.filled is not None:
            filled = rows.filled[:, i]
            if filled.any():
                self._known_columns.add(i)
            if filled.all():
                return np.ascontiguousarray(rows.numbers[:, i]), None
            return rows.numbers[filled, i], np.flatnonzero(filled)
        cells = rows.columns[i]
        try:
            values = np.fromiter(map(float, cells), np.float64, len(cells))
            # float() accepts 1_000, which no other program writes.
            if "_" not in "".join(cells) and max(map(len, cells)) <= LONGEST_NUMBER:
                self._known_columns.add(i)
                return values, None
        except ValueError:
            pass
        places = [place for place, cell in enumerate(cells) if not self._is_empty(cell)]
        bad = [place for place in places if not _is_number(cells[place])]
        only_text = len(bad) == len(places) and i not in self._known_columns
        if bad and only_text and not self._must_hold_numbers(i, cells[bad[0]]):
            self._text_columns.add(i)
            return None
        if bad:
            raise self._not_a_number(i, cells[bad[0]], rows.lines[bad[0]])
        if places:
            self._known_columns.add(i)
        return np.array([float(cells[place]) for place in places]), np.array(places, np.int64)

    def _must_hold_numbers(self, i: int, cell: str) -> bool:
        """Whether a column whose cell is not a number is an error rather than a column of text."""
        name = self.header.names[i]
        is_loss = plain_name(name) in LOSS_NAMES or len(self.header.names) == 1
        is_requested = i == self._step or name == self._only
        return is_loss or is_requested or decimal_comma(cell.split(","))

    def _is_empty(self, cell: str) -> bool:
        """Whether a cell has no value; Keras writes NA."""
        return not cell.strip() or (self.header.kind == "keras" and cell.strip() == "NA")

    def _steps(self, numbers: Mapping[int, Cells], lines: Sequence[int]) -> NDArray[np.int64]:
        """The step of each row."""
        counted = np.arange(self._rows + 1, self._rows + len(lines) + 1)
        if self._step is None:
            return counted
        values, rows = numbers[self._step]
        name = self._step_name
        if rows is not None and len(rows) < len(lines):
            missing = int(np.setdiff1d(np.arange(len(lines)), rows)[0])
            raise line_error(self._where, lines[missing], f"the row has no step in column {name!r}")
        with np.errstate(invalid="ignore"):
            steps = values.astype(np.int64)
        odd = ~(np.abs(values) < 2**53) | (steps != values)
        may_not_count = name.lower() == "epoch" and not self.header.step_chosen
        if may_not_count and self._rows == 0 and (odd.any() or _repeats(values)):
            self.notes.append(f"{name} does not count steps, so the row number is the step")
            self._step = None
            return counted
        if odd.any():
            place = int(np.flatnonzero(odd)[0])
            what = f"the step in column {name!r} is not a whole number"
            raise line_error(self._where, lines[place], what, found=f"{values[place]}")
        return steps

    def _not_a_number(self, i: int, cell: str, line: int) -> NotANumber:
        column, text = self.header.names[i], cell.strip()
        hint = "--map COLUMN=- leaves out a column"
        if decimal_comma(text.split(",")):
            hint = "is this a decimal comma? Numbers need a decimal point"
        elif text == column:
            hint = "this line repeats the header"
        elif text.lower() in ("na", "n/a", "none", "null", "-", "?"):
            hint = "leave a cell empty where nothing was logged, or write nan"
        error = NotANumber(
            f"a value in column {column!r} is not a number",
            where=f"{self._where}, line {line:,}", found=repr(shorten(cell)), hint=hint,
        )  # fmt: skip
        error.line = line
        return error


def _is_number(cell: str) -> bool:
    return len(cell) <= LONGEST_NUMBER and is_number(cell)


def _repeats(steps: NDArray[np.float64]) -> bool:
    """Whether consecutive steps are often equal, because an epoch has many rows."""
    return len(steps) > 2 and float(np.mean(np.diff(steps) == 0)) > 0.2
