"""Writes TensorBoard event files; see `tensorboard` for the format."""

import struct
from collections.abc import Iterable
from pathlib import Path
from typing import IO, final

import numpy as np
from numpy.typing import NDArray

from memlab.errors import RunError
from memlab.formats.crc32c import masked_crc, masked_crcs
from memlab.formats.partial_file import partial_file
from memlab.formats.protobuf import encode_field, encode_float32
from memlab.formats.run_curves import RunCurves
from memlab.formats.tensorboard import VERSION

CHUNK = 65536
"""number of values that are encoded at a time"""


@final
class TensorBoardWriter:
    """Appends events to a file."""

    def __init__(self, file: IO[bytes], wall: float) -> None:
        self._file = file
        self.write([encode_field(1, wall) + encode_field(3, VERSION)])

    def scalars(
        self,
        tag: str,
        steps: NDArray[np.int64],
        values: NDArray[np.float64],
        walls: Iterable[float],
    ) -> None:
        """Write the values of a series as float32."""
        self.write(
            encode_field(1, wall) + encode_field(2, step) + encode_field(5, _summary(tag, value))
            for step, value, wall in zip(steps.tolist(), values.tolist(), walls, strict=True)
        )

    def write(self, events: Iterable[bytes]) -> None:
        """Write events as records; the CRCs of all events of one length are computed together."""
        payloads = list(events)
        crcs = np.zeros(len(payloads), np.uint32)
        lengths = np.array([len(payload) for payload in payloads])
        for length in np.unique(lengths).tolist():
            (which,) = np.nonzero(lengths == length)
            joined = b"".join(payloads[i] for i in which.tolist())
            crcs[which] = masked_crcs(np.frombuffer(joined, np.uint8).reshape(-1, length))
        headers = {n: struct.pack("<Q", n) for n in set(lengths.tolist())}
        headers = {n: head + struct.pack("<I", masked_crc(head)) for n, head in headers.items()}
        for payload, crc in zip(payloads, crcs.tolist(), strict=True):
            self._file.write(headers[len(payload)] + payload + struct.pack("<I", crc))


def _summary(tag: str, value: float) -> bytes:
    """A summary with one value: 1 tag, 2 simple_value."""
    return encode_field(1, encode_field(1, tag.encode()) + encode_float32(2, value))


def write_events(curves: RunCurves, folder: Path) -> None:
    """Write a folder with one event file for all series.

    Raises:
        RunError: the folder contains event files already; TensorBoard would mix them.
    """
    if any(folder.glob("*.tfevents.*")):
        raise RunError(
            "the folder contains event files already",
            where=str(folder),
            hint="choose another with -o",
        )
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"events.out.tfevents.{int(curves.created):010d}.memlab.0.0"
    with partial_file(path) as part, part.open("wb") as file:
        writer = TensorBoardWriter(file, curves.created)
        for name, steps, values in curves.series():
            for start in range(0, len(steps), CHUNK):
                cut = slice(start, start + CHUNK)
                writer.scalars(name, steps[cut], values[cut], curves.wall(steps[cut]).tolist())
