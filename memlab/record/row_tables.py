"""The files of rows of one attempt: one in format 1.0, in format 1.1 one for each set of columns.

In format 1.1 a column may first appear at any row. Then the next file begins, `rows-002.bin`, whose
rows have that column too. The index of a file begins with its columns, as a sealed line.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, final

import numpy as np
from numpy.typing import ArrayLike

from memlab.record import files, sealed_json
from memlab.record.json_types import shape
from memlab.record.missing_rows import MissingRows
from memlab.record.row_format import MISSING, RowFile, RowFormat, Steps, Values, is_missing
from memlab.record.row_writer import RowWriter
from memlab.record.rows import RowReader, SealedRows

MOST_COLUMNS = 10_000
HEADER_LIMIT = 4 << 20
"""maximum length of the line that names the columns"""

PlaceOf = Callable[[str], str]
"""Maps the name of a file to its place in the run, which seeds the CRCs of the file."""
_are_names = shape(list[str])


def row_file_1_0(folder: Path, place_of: PlaceOf, columns: tuple[str, ...]) -> RowFile:
    """The single row file of format 1.0."""
    return _row_file(folder, place_of, "steps", RowFormat(columns), b"")


def _row_file(
    folder: Path, place_of: PlaceOf, stem: str, format: RowFormat, header: bytes
) -> RowFile:
    index, rows = folder / f"{stem}.idx", folder / f"{stem}.bin"
    return RowFile(index, rows, sealed_json.seed(place_of(stem)), format, header)


def _stem(number: int) -> str:
    return f"rows-{number:03d}"


@final
class TableWriter:
    """Appends rows of format 1.1, whose columns may change."""

    def __init__(self, folder: Path, place_of: PlaceOf) -> None:
        self._folder, self._place_of = folder, place_of
        self._writers: list[RowWriter] = []
        self._number = 0
        self._rows_before = 0
        """number of rows in closed files"""

    @property
    def columns(self) -> tuple[str, ...]:
        """All columns so far, in order of first appearance."""
        return self._writers[-1].format.columns if self._writers else ()

    @property
    def last_step(self) -> int | None:
        """The step of the last row added."""
        return self._writers[-1].last_step if self._writers else None

    @property
    def n_rows(self) -> int:
        """Number of rows added."""
        return self._rows_before + sum(writer.n_rows for writer in self._writers)

    def append(self, steps: Steps, columns: Mapping[str, ArrayLike]) -> None:
        """Add rows with ascending steps, each above the last one.

        After an `OSError` the call can be repeated: rows are not added twice.

        Args:
            columns: by name the values, one per step; `MISSING` where there is none.
        """
        new = [name for name in columns if name not in self.columns]
        if new or not self._writers:
            self._begin((*self.columns, *new))
        writer = self._writers[-1]
        values = np.full((len(steps), len(self.columns)), MISSING)
        for i, name in enumerate(self.columns):
            if name in columns:
                values[:, i] = columns[name]
        writer.append(steps, values)

    @property
    def last_row_waits(self) -> bool:
        """Whether values may be added to the last row."""
        return bool(self._writers) and self._writers[-1].last_row_waits

    def append_row(self, step: int, row: Mapping[str, float]) -> None:
        """Add one row, which is on disk when this returns; see `RowWriter.append_row`.

        A step equal to the last one adds its values to that row, which must not be sealed yet.
        """
        writer = self._writers[-1] if self._writers else self._begin(tuple(row))
        if step == writer.last_step:
            added = {name: float(value) for name, value in row.items()}
            row = self._take_back() | added
        if tuple(row) == writer.columns:
            writer.append_row(step, row.values())
            return
        if new := [name for name in row if name not in writer.columns]:
            try:
                writer = self._begin((*writer.columns, *new))
            except OSError:
                # Existing columns keep the row.
                with suppress(OSError):
                    writer.append_row(step, [row.get(name, MISSING) for name in writer.columns])
                raise
        writer.append_row(step, [row.get(name, MISSING) for name in writer.columns])

    def _take_back(self) -> dict[str, float]:
        """Remove and return the last row."""
        writer = self._writers[-1]
        values = np.array(writer.take_back())
        recorded = ~is_missing(values)
        return {
            name: float(value)
            for name, value, is_recorded in zip(writer.columns, values, recorded, strict=True)
            if is_recorded
        }

    @property
    def n_waiting(self) -> int:
        """Number of rows without a seal."""
        return sum(writer.n_waiting for writer in self._writers)

    def waiting(self) -> Iterator[tuple[Steps, dict[str, Values]]]:
        """The rows without a seal, with the columns of each file."""
        for writer in self._writers:
            steps, values = writer.waiting()
            yield steps, dict(zip(writer.columns, values.T, strict=True))

    def drop_oldest(self, keep: int) -> int:
        """Drop pending rows except the newest `keep` of each file; returns how many."""
        return sum(writer.drop_oldest(keep) for writer in self._writers)

    def _begin(self, columns: tuple[str, ...]) -> RowWriter:
        """Start the next file, for rows with these columns."""
        assert len(columns) <= MOST_COLUMNS, "too many columns"
        last = self.last_step
        self.flush()
        stem = _stem(self._number + 1)
        header = sealed_json.seal({"columns": list(columns)}, self._place_of(f"{stem}.idx"))
        format = RowFormat(columns, stores_steps=True)
        file = _row_file(self._folder, self._place_of, stem, format, header)
        # A failed attempt may have left an empty file.
        for path in (file.index, file.rows):
            with suppress(FileNotFoundError):
                files.calls.unlink(path)
        writer = RowWriter(file, after=last)
        self._writers.append(writer)
        self._number += 1
        return writer

    def flush(self) -> None:
        """Seal all pending rows."""
        for writer in self._writers:
            writer.flush()

    def sync(self) -> None:
        """Make all sealed rows durable."""
        for writer in self._writers:
            writer.sync()
        self._close(self._writers[:-1])
        self._writers = self._writers[-1:]

    def _close(self, writers: Sequence[RowWriter]) -> None:
        for writer in writers:
            self._rows_before += writer.n_rows
            writer.close()

    def close(self) -> None:
        """Close the files; pending rows are dropped."""
        self._close(self._writers)
        self._writers = []


@final
class TableReader:
    """Follows the row files of an attempt."""

    def __init__(self, folder: Path, place_of: PlaceOf, columns: tuple[str, ...] | None) -> None:
        """
        Args:
            columns: those of format 1.0; None = the run is of format 1.1.
        """
        self._folder, self._place_of = folder, place_of
        self._grows = columns is None
        self.unreadable = 0
        """number of files whose columns cannot be read"""
        self.readers: list[RowReader] = []
        if columns is not None:
            self.readers.append(RowReader(row_file_1_0(folder, place_of, columns)))
        self._number = 0

    @property
    def tables(self) -> list[SealedRows]:
        """The tables read so far, in step order."""
        return [reader.sealed for reader in self.readers]

    @property
    def first_step(self) -> int | None:
        """Step of the first row, as stated by its seal."""
        firsts = [table.first_step for table in self.tables]
        return min((first for first in firsts if first is not None), default=None)

    @property
    def damaged(self) -> int:
        """Number of damaged seals and headers, and of seals with damaged rows among those read."""
        return self.unreadable + sum(reader.damaged for reader in self.readers)

    def verify(self) -> None:
        """Read all rows not read yet, so that all damage is counted."""
        for reader in self.readers:
            reader.verify()

    def missing(self, first_step: int, end: Mapping[str, Any] | None) -> list[MissingRows]:
        """Rows that are lost, as far as known.

        Args:
            first_step: of the attempt.
            end: its `end.json`, which states the number of rows at the end.
        """
        missing: list[MissingRows] = []
        next_step, rows = first_step, 0
        for table in self.tables:
            missing += table.missing(next_step)
            if len(table.seals):
                next_step = (table.last_step or 0) + 1
                rows += int(table.seals["row"][-1]) + int(table.seals["rows"][-1])
        if end is not None:
            last = int(end.get("step", 0))
            lost = int(end.get("rows", rows)) - rows if self._grows else last + 1 - next_step
            if lost > 0:
                missing.append(MissingRows(next_step, max(last, next_step), lost))
        return missing

    def refresh(self) -> bool:
        """Read what was written since the last call; true if there was anything."""
        grown = [reader.refresh() for reader in self.readers]
        while self._grows and self._open_next():
            grown.append(self.readers[-1].refresh())
        return any(grown)

    def _open_next(self) -> bool:
        """Open the next file whose columns can be read, if there is one."""
        while (header := self._header(self._number + 1)) is not None:
            self._number += 1
            stem = _stem(self._number)
            document = sealed_json.unseal(header, self._place_of(f"{stem}.idx")) or {}
            columns = document.get("columns", [])
            if _are_names(columns) and len(columns) == len(set(columns)) > 0:
                format = RowFormat(tuple(columns), stores_steps=True)
                file = _row_file(self._folder, self._place_of, stem, format, header)
                self.readers.append(RowReader(file))
                return True
            self.unreadable += 1
        return False

    def _header(self, number: int) -> bytes | None:
        """The line that names the columns of a file, even if damaged; None while it is not written."""
        data = files.read_from(self._folder / f"{_stem(number)}.idx", 0, HEADER_LIMIT)
        line, newline, _ = data.partition(b"\n")
        # Both files are created after the header.
        later = (f"{_stem(number)}.tail", f"{_stem(number + 1)}.idx")
        followed = any(files.size(self._folder / name) for name in later)
        return line + newline if newline or followed else None
