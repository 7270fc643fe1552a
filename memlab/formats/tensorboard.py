"""TensorBoard event files: scalars of torch, Lightning, tensorboardX, TensorFlow and Keras.

A file is a sequence of records: uint64 length, its masked CRC-32C, payload, its masked CRC-32C, all
little-endian. A payload is an `Event` message: 1 wall_time, 2 step, 3 file_version, 5 summary
(1 value: 1 tag, 2 simple_value, 8 tensor, 9 metadata), 7 session_log. Source: tensorflow's
`event.proto`, `summary.proto`, `tensor.proto`, `record_writer.cc`.

Most records differ only in wall time, step and value. One record of each layout is parsed field by
field; all others of that layout are read as byte columns with numpy.
"""

import struct
from collections.abc import Sequence
from typing import Any, final

import numpy as np
from numpy.typing import NDArray

from memlab.formats.crc32c import masked_crc, masked_crcs
from memlab.formats.parser import LogParser
from memlab.formats.protobuf import FIXED32, FIXED64, fields, message, signed, text, varint
from memlab.formats.run_builder import RunBuilder
from memlab.formats.scalar_layout import ScalarLayout

HEADER, FOOTER = 12, 4
"""bytes before and after a payload"""
LONGEST = 1 << 30
"""maximum number of bytes of a payload; a larger length counts as damage"""
VERSION = b"brain.Event:2"
SCALARS = ("", "scalars")
"""plugins whose values are scalars, unlike those of images, histograms and texts"""
START = 1
"""SessionLog status: the program starts or restarts"""
TENSORS: dict[int, tuple[str, int, str]] = {
    1: ("<f4", 5, "<f"), 2: ("<f8", 6, "<d"), 3: ("<i4", 7, ""), 9: ("<i8", 10, ""),
}  # fmt: skip
"""DataType -> type of `tensor_content`, and number and packing of the typed value field"""


Piece = tuple[NDArray[np.int64], NDArray[Any], NDArray[Any]]
"""(record number, step, value), each (value,)"""


@final
class TensorBoardParser(LogParser):
    """Reads one event file; several of a folder may share a builder."""

    format = "tensorboard"

    def __init__(self, where: str, name: str, builder: RunBuilder | None = None) -> None:
        super().__init__(where, name)
        self._builder = builder or RunBuilder(name)
        self._buffer = b""
        self._offset = 0
        """offset of the buffer in the file"""
        self._lengths: dict[bytes, int] = {}
        """length by header, for headers with a valid CRC"""
        self._skipped: set[str] = set()
        """tags whose values are not scalars"""

    def builders(self) -> Sequence[RunBuilder]:
        """The run of the file."""
        return [self._builder]

    def feed(self, data: bytes) -> None:
        """Parse the next bytes; everything after a damaged record is omitted."""
        if self.damage is not None:
            return
        self._buffer += data
        starts: list[int] = []
        lengths: list[int] = []
        at, size, broken = 0, len(self._buffer), False
        while at + HEADER <= size:
            header = self._buffer[at : at + HEADER]
            length = self._lengths.get(header)
            if length is None:
                length = self._length(header)
                if length is None:
                    broken = True
                    break
            if at + HEADER + length + FOOTER > size:
                break
            starts.append(at + HEADER)
            lengths.append(length)
            at += HEADER + length + FOOTER
        self._read(np.array(starts, np.int64), np.array(lengths, np.int64))
        if broken and self.damage is None:
            self.damage = f"the record at byte {self._offset + at:,} is damaged"
        self._buffer, self._offset = self._buffer[at:], self._offset + at

    def close(self) -> None:
        """An incomplete record counts as damage, though a program may still be writing it."""
        if self._buffer and self.damage is None:
            self.damage = f"the record at byte {self._offset:,} is cut off"

    def _length(self, header: bytes) -> int | None:
        """The length in a header; None if its CRC is wrong."""
        length, crc = struct.unpack("<QI", header)
        if length > LONGEST or masked_crc(header[:8]) != crc:
            return None
        self._lengths[header] = int(length)
        return int(length)

    def _read(self, starts: NDArray[np.int64], lengths: NDArray[np.int64]) -> None:
        """Read whole records, grouped by length."""
        data = np.frombuffer(self._buffer, np.uint8)
        by_tag: dict[str, list[Piece]] = {}
        bad = len(starts)
        groups = []
        for length in np.unique(lengths).tolist():
            (which,) = np.nonzero(lengths == length)
            payloads = data[starts[which][:, None] + np.arange(length)]
            ends = data[starts[which][:, None] + length + np.arange(FOOTER)]
            fits = masked_crcs(payloads) == np.ascontiguousarray(ends).view("<u4")[:, 0]
            if not fits.all():
                bad = min(bad, int(which[~fits][0]))
            groups.append((which, payloads))
        if bad < len(starts):
            self.damage = (
                f"the record at byte {self._offset + int(starts[bad]) - HEADER:,} is damaged"
            )
        restarts: list[int] = []
        for which, payloads in groups:
            sound = which < bad
            self._read_group(which[sound], payloads[sound], by_tag, restarts)
        self._add_to_builder(by_tag, sorted(restarts))

    def _read_group(
        self,
        which: NDArray[np.int64],
        payloads: NDArray[np.uint8],
        by_tag: dict[str, list[Piece]],
        restarts: list[int],
    ) -> None:
        """Read records of one length, layout by layout."""
        while len(which):
            first = payloads[0].tobytes()
            try:
                layout = self._event(int(which[0]), first, by_tag, restarts)
            except (ValueError, struct.error):
                self.warnings.append("records that are not events are left out")
                layout = None
            if layout is None:
                which, payloads = which[1:], payloads[1:]
                continue
            same = layout.matches(payloads)
            alike = payloads[same]
            if layout.tag not in self._skipped:
                part = (which[same], layout.steps(alike), layout.values(alike))
                by_tag.setdefault(layout.tag, []).append(part)
            which, payloads = which[~same], payloads[~same]

    def _event(
        self,
        row: int,
        payload: bytes,
        by_tag: dict[str, list[Piece]],
        restarts: list[int],
    ) -> ScalarLayout | None:
        """The layout of an event with one scalar; other events are read field by field."""
        layout = ScalarLayout.of(payload)
        if layout is not None:
            return layout
        step = 0
        values: list[tuple[str, float]] = []
        for number, _, value in fields(payload):
            if number == 2 and isinstance(value, int):
                step = signed(value)
            elif number == 5:
                values = self._summary(message(value))
            elif number == 7 and (1, 0, START) in list(fields(message(value))):
                restarts.append(row)
        for tag, scalar in values:
            at = (np.array([row]), np.array([step]), np.array([scalar]))
            by_tag.setdefault(tag, []).append(at)
        return None

    def _summary(self, summary: bytes) -> list[tuple[str, float]]:
        """Tags and values of the scalars in a summary."""
        scalars = []
        for number, _, value in fields(summary):
            if number != 1:
                continue
            tag, scalar, plugin = "", None, None
            for inner, kind, content in fields(message(value)):
                if inner == 1:
                    tag = text(content)
                elif inner == 2 and kind == FIXED32:
                    scalar = float(struct.unpack("<f", message(content))[0])
                elif inner == 8:
                    scalar = _tensor(message(content))
                elif inner == 9:
                    plugin = _plugin(message(content))
            if plugin is not None and plugin not in SCALARS:
                self._skipped.add(tag)
            if scalar is not None and tag not in self._skipped:
                scalars.append((tag, scalar))
        return scalars

    def _add_to_builder(
        self,
        by_tag: dict[str, list[Piece]],
        restarts: list[int],
    ) -> None:
        """Add the values to the builder in the order of their records."""
        parts = {}
        for tag, pieces in by_tag.items():
            rows, steps, values = (np.concatenate(column) for column in zip(*pieces, strict=True))
            order = np.argsort(rows, kind="stable")
            parts[tag] = (rows[order], steps[order].astype(np.int64), values[order])
        begin = 0
        for end in [*restarts, None]:
            cut = {}
            for tag, (rows, steps, values) in parts.items():
                i = np.searchsorted(rows, begin)
                j = len(rows) if end is None else np.searchsorted(rows, end)
                cut[tag] = (rows[i:j], steps[i:j], values[i:j])
            self._builder.add_values(cut)
            if end is not None:
                self._builder.restart()
                begin = end


def _plugin(metadata: bytes) -> str:
    for number, _, value in fields(metadata):
        if number == 1:
            for inner, _, name in fields(message(value)):
                if inner == 1:
                    return text(name)
    return ""


def _tensor(tensor: bytes) -> float | None:
    """The value of a tensor with one element; None for other tensors."""
    parts = list(fields(tensor))
    kind = next((value for number, _, value in parts if number == 1), 0)
    if not isinstance(kind, int) or kind not in TENSORS:
        return None
    dtype, own, packing = TENSORS[kind]
    for number, wire, value in parts:
        if number == 4 and isinstance(value, bytes) and len(value) == np.dtype(dtype).itemsize:
            return float(np.frombuffer(value, dtype)[0])
        if number == own and isinstance(value, int):
            return float(signed(value))
        if number == own and isinstance(value, bytes):
            if not packing:
                only, end = varint(value, 0)
                return float(signed(only)) if end == len(value) else None
            if wire in (FIXED32, FIXED64) or len(value) == struct.calcsize(packing):
                return float(struct.unpack(packing, value)[0])
    return None
