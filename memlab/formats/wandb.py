"""W&B's offline files, `run-<id>.wandb`: protobuf messages as records in blocks.

A file begins with `:W&B`, uint16 0xBEE1 and a zero. Blocks of 32,768 bytes, counted from the
beginning of the file, consist of chunks: uint32 CRC-32 of type and data, uint16 length, uint8 type
(1 whole, 2 first, 3 middle, 4 last), data. Fewer than seven bytes at the end of a block are zeros.
Source: wandb's `sdk/internal/datastore.py` and `proto/wandb_internal.proto`.
"""

import struct
import zlib
from collections.abc import Iterator, Sequence
from typing import Any, final

from memlab.formats.json_values import flatten, load
from memlab.formats.parser import LogParser
from memlab.formats.protobuf import fields, message, signed, text
from memlab.formats.run_builder import RunBuilder

MAGIC = b":W&B"
FILE_HEADER = MAGIC + struct.pack("<HB", 0xBEE1, 0)
BLOCK = 32768
CHUNK_HEADER = 7
WHOLE, FIRST, MIDDLE, LAST = 1, 2, 3, 4
HISTORY, CONFIG, RUN, EXIT = 2, 5, 17, 18
"""field numbers of the records that are read"""
_CHUNK = struct.Struct("<IHB")
INTERNAL = ("_step", "_wandb")
"""keys that W&B adds and that are not values, unlike `_runtime` and `_timestamp`"""


@final
class WandbParser(LogParser):
    """Reads history, config, name and exit code of a run."""

    format = "wandb"

    def __init__(self, where: str, name: str) -> None:
        super().__init__(where, name)
        self._builder = RunBuilder(name, step_name="_step", ended=False)
        self._buffer = b""
        self._offset = 0
        self._record: list[bytes] = []
        """chunks of an incomplete record"""

    def builders(self) -> Sequence[RunBuilder]:
        return [self._builder]

    def feed(self, data: bytes) -> None:
        """Parse the next bytes; everything after a damaged chunk is omitted."""
        self._buffer += data
        at = 0
        if self._offset == 0 and len(self._buffer) >= len(FILE_HEADER):
            if self._buffer[: len(FILE_HEADER)] != FILE_HEADER:
                self.damage = "the file does not have the header of W&B files"
            at = len(FILE_HEADER)
        while self.damage is None and (at or self._offset):
            left = BLOCK - (self._offset + at) % BLOCK
            if left < CHUNK_HEADER:
                if len(self._buffer) - at < left:
                    break
                at += left
                continue
            end = self._chunk(at)
            if end is None:
                break
            at = end
        self._buffer, self._offset = self._buffer[at:], self._offset + at

    def _chunk(self, at: int) -> int | None:
        """Read the chunk at offset `at` of the buffer; return its end, None if it is incomplete."""
        if len(self._buffer) - at < CHUNK_HEADER:
            return None
        crc, length, kind = _CHUNK.unpack_from(self._buffer, at)
        begin = at + CHUNK_HEADER
        end: int = begin + length
        place = f"the record at byte {self._offset + at:,}"
        expected = (LAST, MIDDLE) if self._record else (WHOLE, FIRST)
        fits = (self._offset + at) % BLOCK + CHUNK_HEADER + length <= BLOCK
        if kind not in expected or not fits:
            self.damage = f"{place} is damaged"
            return None
        if end > len(self._buffer):
            return None
        data = self._buffer[begin:end]
        if zlib.crc32(data, zlib.crc32(bytes([kind]))) != crc:
            self.damage = f"{place} is damaged"
            return None
        self._record.append(data)
        if kind in (WHOLE, LAST):
            record, self._record = b"".join(self._record), []
            try:
                self._read(record)
            except (ValueError, RecursionError):
                self.warnings.append("records that cannot be read are left out")
        return end

    def close(self) -> None:
        """An incomplete record counts as damage, though a program may still be writing it."""
        if (self._buffer or self._record) and self.damage is None:
            self.damage = f"the record at byte {self._offset:,} is cut off"

    def _read(self, record: bytes) -> None:
        for number, _, value in fields(record):
            if number == HISTORY:
                self._history(message(value))
            elif number == RUN:
                self._run(message(value))
            elif number == CONFIG:
                self._config(message(value))
            elif number == EXIT:
                codes = [code for inner, _, code in fields(message(value)) if inner == 1]
                self._builder.ended = not any(codes)

    def _history(self, history: bytes) -> None:
        step: int | None = None
        row: dict[str, Any] = {}
        for number, _, value in fields(history):
            if number == 1:
                row |= dict(_items(message(value)))
            elif number == 2:
                numbers = [n for inner, _, n in fields(message(value)) if inner == 1]
                step = signed(numbers[0]) if numbers and isinstance(numbers[0], int) else 0
        if step is None:
            from_row = row.get("_step")
            step = from_row if isinstance(from_row, int) and abs(from_row) < 2**63 else 0
        for name, logged in flatten(row):
            if name not in INTERNAL and not name.startswith("_wandb"):
                self._builder.add(name, step, logged)

    def _run(self, run: bytes) -> None:
        for number, _, value in fields(run):
            if number == 8:
                self._builder.name = text(value) or self._builder.name
            elif number == 4:
                self._config(message(value))

    def _config(self, config: bytes) -> None:
        for number, _, value in fields(config):
            if number == 1:
                for name, setting in _items(message(value)):
                    if not name.startswith("_wandb"):
                        self._builder.config[name] = setting


def _items(item: bytes) -> Iterator[tuple[str, Any]]:
    """Name and value of an item; the name consists of one key, or of nested keys."""
    names: list[str] = []
    value = None
    for number, _, content in fields(item):
        if number in (1, 2):
            names.append(text(content))
        elif number == 16:
            value = load(text(content))
    if names:
        yield ".".join(names), value
