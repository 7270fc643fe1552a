"""Follows a growing log: writes new values to a run while the program still writes the log."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import final

from memlab.errors import DataError
from memlab.formats.detect import HEAD, detect, parser_of
from memlab.formats.folder import find_logs, run_name
from memlab.formats.json_file import JsonFileParser
from memlab.formats.log import Log, LogRun
from memlab.formats.names import NamedSeries, name_series
from memlab.formats.parser import LogParser
from memlab.formats.record_log import (
    end_step,
    iter_row_blocks,
    merged_series,
    open_recording,
)
from memlab.formats.table import TableParser
from memlab.formats.table_header import TableOptions
from memlab.record.recording import Recording

BEGINNING = 4096
"""number of first bytes whose change shows that a file was rewritten"""


@final
class GrowingFile:
    """A file that a program appends to or rewrites, read incrementally."""

    def __init__(self, path: Path, name: str, format: str | None, options: TableOptions) -> None:
        self._path, self._name, self._format, self._options = path, name, format, options
        self._parser: LogParser | None = None
        self._offset = 0
        self._beginning = b""

    def refresh(self) -> bool:
        """Read new bytes; return whether there were any.

        Raises:
            DataError: the text does not match the format.
        """
        with self._path.open("rb") as file:
            beginning = file.read(BEGINNING)
            file.seek(0, 2)
            size = file.tell()
            if not beginning.startswith(self._beginning) or size < self._offset:
                self._parser, self._offset = None, 0
            self._beginning = beginning
            if size == self._offset:
                return False
            if isinstance(self._parser, JsonFileParser):
                self._parser, self._offset = None, 0
            file.seek(0)
            if self._parser is None:
                format = self._format or detect(file.read(HEAD), self._path.name)
                self._parser = parser_of(format)(str(self._path), self._name, self._options)
            file.seek(self._offset)
            data = file.read()
        if isinstance(self._parser, JsonFileParser):
            return self._read_json(self._parser, data)
        try:
            self._parser.feed(data)
        except DataError:
            if not self._may_be_console_output(size):
                raise
            self._parser, self._offset = None, 0
            return False
        self._offset += len(data)
        return True

    def _may_be_console_output(self, size: int) -> bool:
        """Whether a file detected as a table may be console output without a value so far."""
        named = self._format is not None or self._path.suffix in (".csv", ".tsv")
        return isinstance(self._parser, TableParser) and not named and size < HEAD

    def _read_json(self, parser: JsonFileParser, data: bytes) -> bool:
        """Read a JSON value; a file that is being replaced is read again at the next poll."""
        parser.feed(data)
        try:
            parser.close()
        except DataError:
            self._parser = None
            return False
        self._offset = len(data)
        return True

    def log(self) -> Log | None:
        """The log as read so far; None if nothing was read."""
        return self._parser.log() if self._parser else None


@final
class LogFollower:
    """Writes the first run of a growing log to a run folder, from its first value on."""

    def __init__(
        self,
        source: Path,
        runs: Path,
        format: str | None = None,
        renamed: Sequence[tuple[str, str]] = (),
    ) -> None:
        """
        Raises:
            DataError: there is no such source.
        """
        self._source, self._runs, self._renamed = source, runs, tuple(renamed)
        path = newest_log(source)
        self._file = GrowingFile(path, run_name(path), format, TableOptions(self._renamed))
        self.recording: Recording | None = None
        self._named: dict[str, NamedSeries] = {}
        self._attempts = 1
        self._next = 0
        """all lower steps have been written"""
        self._seen: dict[str, int] = {}
        """number of processed values of each series"""

    def poll(self) -> bool:
        """Write new values; return whether the file has grown.

        The newest step is written once the file has stopped growing, since more of its values may
        follow.
        """
        grown = self._file.refresh()
        log = self._file.log()
        if log is None or not log.runs:
            return grown
        run = log.runs[0]
        renamed = self._name(run)
        if self.recording is None:
            self.recording = open_recording(
                replace(run, sha256=""), log, self._names(run), self._runs, str(self._source)
            )
        elif renamed:
            self._begin(0)
        self._restart(run)
        self._rewind_to_late_values(run)
        newest = max(int(one.steps[-1]) for one in run.series.values() if len(one.steps))
        self._write(run, run.attempts, newest if grown else newest + 1)
        self.recording.flush()
        return grown

    def _name(self, run: LogRun) -> bool:
        """Name the series; return whether one was recorded under another name.

        A series named train_loss is recorded as loss until the log has a series of that name.
        """
        renamed = False
        for one in name_series(run, [pair for pair in self._renamed if pair[0] in run.series]):
            known = self._named.get(one.source)
            if known is None or known.name != one.name:
                self._named[one.source] = one
                renamed |= known is not None
        return renamed

    def _names(self, run: LogRun) -> list[NamedSeries]:
        return [self._named[source] for source in run.series]

    def _restart(self, run: LogRun) -> None:
        """Complete the attempts that have ended, and begin the next."""
        assert self.recording is not None
        for attempt in range(self._attempts, run.attempts):
            self._write(run, attempt, None)
            self._begin(run.restarts()[attempt - 1])
        self._attempts = run.attempts

    def _rewind_to_late_values(self, run: LogRun) -> None:
        """Write again from the first step that received a value after later steps were written."""
        late = []
        for source, series in run.series.items():
            fresh = series.steps[max(self._seen.get(source, 0), series.starts[run.attempts - 1]) :]
            late += fresh[fresh < self._next].tolist()
            self._seen[source] = len(series.steps)
        if late:
            self._begin(min(late))

    def _begin(self, first: int) -> None:
        assert self.recording is not None
        self.recording.begin_attempt(first)
        self._next = first

    def _write(self, run: LogRun, attempt: int, end: int | None) -> None:
        """Write the steps before `end`, or all of an attempt."""
        assert self.recording is not None
        named = self._names(run)
        rows = merged_series(run, named, "row", attempt)
        evaluations = merged_series(run, named, "evaluation", attempt)
        for block in iter_row_blocks(rows, evaluations, self._next, end):
            self.recording.add(*block)
        end_of_log = end_step(rows, evaluations)
        self._next = max(self._next, end_of_log if end is None else min(end, end_of_log))

    def close(self) -> None:
        """Write everything and close the run."""
        self.poll()
        self.poll()
        if self.recording is None:
            return
        log = self._file.log()
        ended = bool(log and log.runs and log.runs[0].ended)
        self.recording.end("finished" if ended else "interrupted")


def newest_log(source: Path) -> Path:
    """`source` if it is a file, else the log in this folder that was modified last.

    Raises:
        DataError: there is no log.
    """
    if source.is_file():
        return source
    files = [path for found in find_logs(source) for path in found.files] if source.is_dir() else []
    if not files:
        raise DataError("there is no log to watch", where=str(source))
    return max(files, key=lambda path: path.stat().st_mtime_ns)
