"""Which files of a folder are logs, and which of them belong to one run."""

import os
import re
from dataclasses import dataclass
from pathlib import Path

MAX_FILES = 100_000
"""files that are looked at; a folder with more is no folder of logs"""
EVENT_FILE = re.compile(r"events\.out\.tfevents\.(\d+)\.")
CHECKPOINT = re.compile(r"checkpoint-(\d+)")
STATE = "trainer_state.json"
SETTINGS = "hparams.yaml"
SUFFIXES = (".csv", ".tsv", ".jsonl", ".wandb")
NAMES = ("main.log",)


@dataclass(frozen=True)
class LogFiles:
    """The files of one run, oldest first."""

    name: str
    files: tuple[Path, ...]
    settings: Path | None = None
    """a file with the run's settings, beside its log"""


def find_logs(folder: Path) -> list[LogFiles]:
    """The logs in a folder and the folders in it, in the order of their paths."""
    events: dict[Path, list[Path]] = {}
    states: dict[Path, dict[int, Path]] = {}
    """output folder to the states of its checkpoints by step; its own counts as the last"""
    found: dict[Path, LogFiles] = {}
    for path in _files(folder):
        if ".tfevents." in path.name:
            events.setdefault(path.parent, []).append(path)
        elif path.name == STATE:
            checkpoint = CHECKPOINT.fullmatch(path.parent.name)
            output = path.parent.parent if checkpoint else path.parent
            step = int(checkpoint[1]) if checkpoint else 1 << 62
            states.setdefault(output, {})[step] = path
        elif path.suffix in SUFFIXES or path.name in NAMES:
            beside = path.with_name(SETTINGS)
            settings = beside if beside.is_file() else None
            found[path] = LogFiles(_name(path, folder), (path,), settings)
    for where, files in events.items():
        files.sort(key=_written)
        found[files[0]] = LogFiles(_relative(where, folder), tuple(files))
    for output, by_step in states.items():
        path = by_step[max(by_step)]
        found[path] = LogFiles(_relative(output, folder), (path,))
    return [found[path] for path in sorted(found)]


def _files(folder: Path) -> list[Path]:
    found: list[Path] = []
    for where, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        found += [Path(where, name) for name in names]
        if len(found) > MAX_FILES:
            break
    return found


def _written(path: Path) -> tuple[int, str]:
    """When an event file was begun, as its name says."""
    found = EVENT_FILE.match(path.name)
    return int(found[1]) if found else 0, path.name


def _name(path: Path, folder: Path) -> str:
    """What a run is called: its file, or its folder where all files have one name."""
    if path.name in ("metrics.csv", *NAMES):
        return _relative(path.parent, folder)
    return path.stem


def _relative(where: Path, folder: Path) -> str:
    return folder.resolve().name if where == folder else str(where.relative_to(folder))
