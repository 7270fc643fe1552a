"""W&B's offline files, `run-<id>.wandb`: a log of blocks, each record a protobuf message.

A file begins with `:W&B`, uint16 0xBEE1 and a zero. Blocks of 32,768 bytes, counted from the
beginning of the file, hold chunks: uint32 CRC-32 of type and data, uint16 length, uint8 type (1
whole, 2 first, 3 middle, 4 last), data. Fewer than seven bytes at the end of a block are zeros.
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
"""numbers of the records that are read"""
_CHUNK = struct.Struct("<IHB")
OWN = ("_step", "_wandb")
"""keys that W&B adds and that are no values; `_runtime` and `_timestamp` are"""


@final
class WandbParser(LogParser):
    format = "wandb"

    def __init__(self, where: str, name: str) -> None:
        super().__init__(where, name)
        self._builder = RunBuilder(name, step_name="_step", ended=False)
        self._buffer = b""
        self._offset = 0
        self._record: list[bytes] = []
        """chunks of a record that is not complete"""

    def builders(self) -> Sequence[RunBuilder]:
        return [self._builder]

    def feed(self, data: bytes) -> None:
        """Take in the next bytes; everything after a damaged chunk is left out."""
        self._buffer += data
        at = 0
        if self._offset == 0 and len(self._buffer) >= len(FILE_HEADER):
            if self._buffer[: len(FILE_HEADER)] != FILE_HEADER:
                self.damage = "the file does not begin as W&B's files do"
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
        """Read the chunk at a place of the buffer; where it ends, or None if it is not complete."""
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
        """A record that is not complete is damage, too; a program may still be writing it."""
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
                found = [n for inner, _, n in fields(message(value)) if inner == 1]
                step = signed(found[0]) if found and isinstance(found[0], int) else 0
        if step is None:
            own = row.get("_step")
            step = own if isinstance(own, int) and abs(own) < 2**63 else 0
        for name, logged in flatten(row):
            if name not in OWN and not name.startswith("_wandb"):
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
    """The name and the value of an item; its name is a key, or keys of nested values."""
    names: list[str] = []
    value = None
    for number, _, content in fields(item):
        if number in (1, 2):
            names.append(text(content))
        elif number == 16:
            value = load(text(content))
    if names:
        yield ".".join(names), value
