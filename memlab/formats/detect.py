"""Detects the format of a file by its content and, where that is ambiguous, by its name."""

import json
from collections.abc import Callable, Mapping
from typing import Any

from memlab.errors import DataError, nearest
from memlab.formats import tensorboard, wandb
from memlab.formats.console_text import ConsoleParser
from memlab.formats.jsonl import JsonlParser
from memlab.formats.keras_history import KerasHistoryParser
from memlab.formats.llmc_console import LlmcConsoleParser
from memlab.formats.llmc_log import LlmcLogParser
from memlab.formats.modded_nanogpt import ModdedNanoGptParser
from memlab.formats.nanogpt import NanoGptParser
from memlab.formats.parser import LogParser
from memlab.formats.table import TableParser
from memlab.formats.table_header import TableOptions
from memlab.formats.trainer_state import TrainerStateParser

HEAD = 1 << 18
"""number of bytes at the beginning of a file by which its format is detected"""
ROWS = 2
"""number of lines of a program's form that identify a text as its output"""

CONSOLES: tuple[type[ConsoleParser], ...] = (
    NanoGptParser, ModdedNanoGptParser, LlmcLogParser, LlmcConsoleParser,
)  # fmt: skip

MakeParser = Callable[[str, str, TableOptions], LogParser]
"""(file, name of the run, options) -> parser"""


def _jsonl(where: str, name: str, options: TableOptions) -> LogParser:
    steps = [column for column, new in options.renamed if new == "step"]
    return JsonlParser(where, name, steps[0] if steps else None)


WITHOUT_OPTIONS: tuple[type[LogParser], ...] = (
    tensorboard.TensorBoardParser, wandb.WandbParser, TrainerStateParser, KerasHistoryParser,
    *CONSOLES,
)  # fmt: skip
"""parsers of formats that have no options"""


def _without_options(cls: type[LogParser]) -> MakeParser:
    return lambda where, name, options: cls(where, name)


PARSERS: Mapping[str, MakeParser] = {
    "csv": TableParser,
    "jsonl": _jsonl,
    **{cls.format: _without_options(cls) for cls in WITHOUT_OPTIONS},
}
"""formats by name, as in `--from`"""


def parser_of(name: str) -> MakeParser:
    """The parser of the format `name`.

    Raises:
        DataError: there is no such format.
    """
    if name not in PARSERS:
        known = ", ".join(PARSERS)
        raise DataError(
            "there is no such format", where="--from", found=name, allowed=known,
            hint=nearest(name, PARSERS),
        )  # fmt: skip
    return PARSERS[name]


def detect(head: bytes, file_name: str = "") -> str:
    """The format of a file that begins with `head`; csv if no other format matches."""
    if head.startswith(wandb.MAGIC):
        return "wandb"
    if tensorboard.VERSION in head[:64] or ".tfevents." in file_name:
        return "tensorboard"
    text = head.decode("utf-8-sig", "replace")
    lines = [line for line in text.split("\n") if line.strip()]
    first = lines[0].strip() if lines else ""
    if first.startswith("{"):
        return _detect_json(first, text, file_name)
    counts = {cls.format: sum(map(cls.is_row, lines)) for cls in CONSOLES}
    best = max(counts, key=lambda name: counts[name])
    return best if counts[best] >= min(ROWS, len(lines)) > 0 else "csv"


def _detect_json(first: str, text: str, file_name: str) -> str:
    """Whether a file is one JSON value, or has one per line."""
    value: Any = None
    try:
        value = json.loads(first)
    except (ValueError, RecursionError):
        value = None
    if isinstance(value, dict) and "log_history" not in value:
        history = value and all(isinstance(item, list) for item in value.values())
        return "keras-history" if history else "jsonl"
    if '"log_history"' in text or file_name == "trainer_state.json":
        return "trainer_state"
    return "keras-history" if file_name.endswith(".json") else "jsonl"
