"""Searches a folder for logs and groups the files of each run."""

import os
import re
from dataclasses import dataclass
from pathlib import Path

MAX_FILES = 100_000
"""number of files after which the search ends: a folder with more does not contain logs only"""
EVENT_FILE = re.compile(r"events\.out\.tfevents\.(\d+)\.")
CHECKPOINT = re.compile(r"checkpoint-(\d+)")
STATE = "trainer_state.json"
SETTINGS = "hparams.yaml"
SUFFIXES = (".csv", ".tsv", ".jsonl", ".wandb")
NAMES = ("main.log",)
UNINFORMATIVE = ("metrics", "trainer_state", "main", "log", "history", "output")
"""file names, without suffix, that programs give to the logs of all runs"""


@dataclass(frozen=True)
class LogFiles:
    """The files of one run, oldest first."""

    name: str
    files: tuple[Path, ...]
    settings: Path | None = None
    """a file with the run's settings in the folder of the log"""


def find_logs(folder: Path) -> list[LogFiles]:
    """The logs in a folder and its subfolders, sorted by path."""
    events: dict[Path, list[Path]] = {}
    states: dict[Path, dict[int, Path]] = {}
    """output folder -> step -> state of that checkpoint; the folder's own state counts as the last"""
    logs: dict[Path, LogFiles] = {}
    for path in _files(folder):
        if ".tfevents." in path.name:
            events.setdefault(path.parent, []).append(path)
        elif path.name == STATE:
            checkpoint = CHECKPOINT.fullmatch(path.parent.name)
            output = path.parent.parent if checkpoint else path.parent
            step = int(checkpoint[1]) if checkpoint else 1 << 62
            states.setdefault(output, {})[step] = path
        elif path.suffix in SUFFIXES or path.name in NAMES:
            hparams = path.with_name(SETTINGS)
            settings = hparams if hparams.is_file() else None
            logs[path] = LogFiles(run_name(path, folder), (path,), settings)
    for where, files in events.items():
        files.sort(key=_start_time)
        logs[files[0]] = LogFiles(_relative(where, folder), tuple(files))
    for output, by_step in states.items():
        path = by_step[max(by_step)]
        logs[path] = LogFiles(_relative(output, folder), (path,))
    return [logs[path] for path in sorted(logs)]


def _files(folder: Path) -> list[Path]:
    files: list[Path] = []
    for where, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        files += [Path(where, name) for name in names]
        if len(files) > MAX_FILES:
            break
    return files


def _start_time(path: Path) -> tuple[int, str]:
    """The start time that an event file has in its name, and the name."""
    match = EVENT_FILE.match(path.name)
    return int(match[1]) if match else 0, path.name


def run_name(path: Path, folder: Path | None = None) -> str:
    """The name of the file without suffix; that of its folder if the file name is uninformative.

    Args:
        folder: the searched folder, to which the name is relative.
    """
    if path.stem not in UNINFORMATIVE:
        return path.stem
    return path.resolve().parent.name if folder is None else _relative(path.parent, folder)


def _relative(where: Path, folder: Path) -> str:
    return folder.resolve().name if where == folder else str(where.relative_to(folder))
