"""Reads logs from files, folders and standard input."""

import hashlib
import shutil
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import IO, Any

import yaml

from memlab.errors import DataError
from memlab.formats import npy
from memlab.formats.detect import HEAD, detect, parser_of
from memlab.formats.folder import LogFiles, find_logs, run_name
from memlab.formats.log import Log
from memlab.formats.parser import LogParser
from memlab.formats.run_builder import RunBuilder
from memlab.formats.table_header import TableOptions
from memlab.formats.tensorboard import TensorBoardParser

CHUNK = 1 << 20
"""number of bytes read at a time"""
STDIN = "-"


def read_log(source: Path, format: str | None = None, options: TableOptions | None = None) -> Log:
    """The log in a source.

    Args:
        source: a file, a folder that is searched for logs, or `-`.
        format: a name of `PARSERS`; None = detected by content.
        options: for tables.

    Raises:
        DataError: there is no such source, or a text does not match its format.
    """
    options = options or TableOptions()
    if not source.is_dir():
        return _read_files(LogFiles(run_name(source), (source,)), format, options)
    if (source / "run.json").exists():
        raise DataError(
            "this is a run of memlab", where=str(source), hint=f"memlab show {source} reads it"
        )
    logs_by_run = find_logs(source)
    if not logs_by_run:
        raise DataError(
            "the folder contains no log", where=str(source),
            allowed="event files, CSV, JSON Lines, trainer_state.json, *.wandb, main.log",
        )  # fmt: skip
    logs = [_read_files(files, format, options) for files in logs_by_run]
    formats = ", ".join(dict.fromkeys(log.format for log in logs))
    return _join(formats, logs)


def _read_files(run_files: LogFiles, format: str | None, options: TableOptions) -> Log:
    """The log in the files of one run."""
    builder, digest = RunBuilder(run_files.name), hashlib.sha256()
    logs: list[Log] = []
    for path in run_files.files:
        with open_source(path) as file:
            logs.append(_read_file(file, path, builder, format, options))
            file.seek(0)
            while data := file.read(CHUNK):
                digest.update(data)
    log = _join(logs[-1].format, logs)
    if logs[-1].format == "tensorboard":
        # The files share one builder, so the last log contains the values of all.
        log = replace(log, runs=logs[-1].runs)
    names = tuple(map(str, run_files.files))
    origin: dict[str, Any] = {"files": names, "sha256": digest.hexdigest()}
    log = replace(log, runs=tuple(replace(run, **origin) for run in log.runs))
    if run_files.settings is not None and log.runs:
        log = _with_settings(log, run_files.settings)
    return log


def _read_file(
    file: IO[bytes], path: Path, builder: RunBuilder, format: str | None, options: TableOptions
) -> Log:
    head = file.read(HEAD)
    file.seek(0)
    where = "standard input" if str(path) == STDIN else str(path)
    if format is None and (head.startswith(npy.MAGIC) or path.suffix == ".npy"):
        return npy.read_npy(file, where, builder.name)
    chosen = format or detect(head, path.name)
    parser: LogParser = (
        TensorBoardParser(where, builder.name, builder)
        if chosen == TensorBoardParser.format
        else parser_of(chosen)(where, builder.name, options)
    )
    while data := file.read(CHUNK):
        parser.feed(data)
    parser.close()
    return parser.log()


def _join(format: str, logs: Sequence[Log]) -> Log:
    damages = [log.damage for log in logs if log.damage]
    return Log(
        format,
        tuple(run for log in logs for run in log.runs),
        tuple(dict.fromkeys(note for log in logs for note in log.notes)),
        tuple(dict.fromkeys(warning for log in logs for warning in log.warnings)),
        "; ".join(damages) or None,
    )


def _with_settings(log: Log, path: Path) -> Log:
    """The log with the settings in a file that Lightning writes next to it."""
    try:
        settings = yaml.safe_load(path.read_text("utf-8"))
    except (ValueError, yaml.YAMLError):
        return replace(log, warnings=(*log.warnings, f"{path.name} cannot be read"))
    if not isinstance(settings, dict):
        return log
    named = {str(name): value for name, value in settings.items()}
    return replace(log, runs=tuple(replace(run, config=named) for run in log.runs))


@contextmanager
def open_source(path: Path) -> Iterator[IO[bytes]]:
    """A seekable file; pipes and standard input are copied to a temporary file.

    Raises:
        DataError: there is no such file.
    """
    if str(path) == STDIN:
        with _copied(sys.stdin.buffer) as copy:
            yield copy
        return
    try:
        file = path.open("rb")
    except FileNotFoundError:
        raise DataError("there is no such file", where=str(path)) from None
    with file:
        if path.is_file():
            yield file
            return
        with _copied(file) as copy:
            yield copy


@contextmanager
def _copied(stream: IO[bytes]) -> Iterator[IO[bytes]]:
    with tempfile.TemporaryFile() as copy:
        shutil.copyfileobj(stream, copy, CHUNK)
        copy.seek(0)
        yield copy
