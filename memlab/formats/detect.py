"""Which format a file has, by its content and, where that leaves two, by its name."""

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
from memlab.formats.table import TableOptions, TableParser
from memlab.formats.trainer_state import TrainerStateParser

HEAD = 1 << 18
"""bytes at the beginning that a format is told by"""
ROWS = 2
"""lines of a program among the first ones that make a text its output"""

CONSOLES: tuple[type[ConsoleParser], ...] = (
    NanoGptParser, ModdedNanoGptParser, LlmcLogParser, LlmcConsoleParser,
)  # fmt: skip

Make = Callable[[str, str, TableOptions], LogParser]
"""(file, name of the run, what a person said) to a parser"""


def _jsonl(where: str, name: str, options: TableOptions) -> LogParser:
    steps = [column for column, new in options.renamed if new == "step"]
    return JsonlParser(where, name, steps[0] if steps else None)


PLAIN: tuple[type[LogParser], ...] = (
    tensorboard.TensorBoardParser, wandb.WandbParser, TrainerStateParser, KerasHistoryParser,
    *CONSOLES,
)  # fmt: skip
"""formats of which a person need not say anything"""


def _plain(cls: type[LogParser]) -> Make:
    return lambda where, name, options: cls(where, name)


PARSERS: Mapping[str, Make] = {
    "csv": TableParser,
    "jsonl": _jsonl,
    **{cls.format: _plain(cls) for cls in PLAIN},
}
"""formats by name, as in `--from`"""


def parser_of(name: str) -> Make:
    """The format that a person named.

    Raises:
        DataError: there is none.
    """
    if name not in PARSERS:
        known = ", ".join(PARSERS)
        raise DataError(
            "there is no such format", where="--from", found=name, allowed=known,
            hint=nearest(name, PARSERS),
        )  # fmt: skip
    return PARSERS[name]


def detect(head: bytes, file_name: str = "") -> str:
    """The format of a file that begins with `head`; a table where nothing else fits."""
    if head.startswith(wandb.MAGIC):
        return "wandb"
    if tensorboard.VERSION in head[:64] or ".tfevents." in file_name:
        return "tensorboard"
    text = head.decode("utf-8-sig", "replace")
    lines = [line for line in text.split("\n") if line.strip()]
    first = lines[0].strip() if lines else ""
    if first.startswith("{"):
        return _json(first, text, file_name)
    counts = {cls.format: sum(map(cls.is_row, lines)) for cls in CONSOLES}
    best = max(counts, key=lambda name: counts[name])
    return best if counts[best] >= min(ROWS, len(lines)) > 0 else "csv"


def _json(first: str, text: str, file_name: str) -> str:
    """One value, or one per line."""
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
