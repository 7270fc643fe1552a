"""Writes a data set as files for other programs."""

import json
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from shutil import rmtree

import numpy as np

from memlab.errors import DataError
from memlab.tasks.task import Dataset

LLMC_MAGIC = 20240520
LLMC_VERSION = 1
LLMC_HEADER = 256
"""number of int32 values in the header: magic, version, number of tokens, zeros (llm.c
`dev/data/data_common.py`)"""


def write_dataset(data: Dataset, folder: Path, file_format: str) -> list[Path]:
    """Write `data` into `folder`, all files or none; returns the paths.

    Files are renamed only after all of them are written, so that an error leaves no partial export.

    Raises:
        DataError: the format cannot hold the data.
    """
    folder.mkdir(parents=True, exist_ok=True)
    partial = Path(tempfile.mkdtemp(prefix=".partial-", dir=folder))
    try:
        return [
            path.replace(folder / path.name) for path in list(FORMATS[file_format](data, partial))
        ]
    finally:
        rmtree(partial)


def write_jsonl(data: Dataset, folder: Path) -> Iterator[Path]:
    """`<split>.jsonl`, one `{"prompt": ..., "answer": ...}` per line."""
    for name, examples in data.splits.items():
        if not len(examples):
            continue
        path = folder / f"{name}.jsonl"
        with path.open("w", encoding="utf-8") as file:
            for i in range(len(examples)):
                texts = {
                    "prompt": data.vocabulary.decode(examples.prompt(i)),
                    "answer": data.vocabulary.decode(examples.target(i)),
                }
                file.write(json.dumps(texts, ensure_ascii=False) + "\n")
        yield path


def write_llmc(data: Dataset, folder: Path) -> Iterator[Path]:
    """`<split>.bin` token shards in the format of llm.c, and `vocabulary.json`.

    Raises:
        DataError: the vocabulary does not fit into 16 bits.
    """
    if len(data.vocabulary) > 2**16:
        raise DataError("llm.c shards hold at most 65,536 different tokens")
    for name, examples in data.splits.items():
        if not len(examples):
            continue
        # Padding is kept, so that examples have equal lengths in the token stream.
        tokens = examples.tokens.astype("<u2").ravel()
        header = np.zeros(LLMC_HEADER, "<i4")
        header[:3] = LLMC_MAGIC, LLMC_VERSION, len(tokens)
        path = folder / f"{name}.bin"
        path.write_bytes(header.tobytes() + tokens.tobytes())
        yield path
    path = folder / "vocabulary.json"
    path.write_text(json.dumps(list(data.vocabulary.symbols), ensure_ascii=False), "utf-8")
    yield path


FORMATS: dict[str, Callable[[Dataset, Path], Iterator[Path]]] = {
    "jsonl": write_jsonl,
    "llmc": write_llmc,
}
