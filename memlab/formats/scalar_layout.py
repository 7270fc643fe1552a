"""The byte layout of TensorBoard events with one scalar, to read many of them at once with numpy."""

from dataclasses import dataclass
from typing import Self, final

import numpy as np
from numpy.typing import NDArray

from memlab.formats.protobuf import varint

WALL_TIME, STEP, SUMMARY, VALUE, TAG, SIMPLE_VALUE = (
    b"\x09",
    b"\x10",
    b"\x2a",
    b"\x0a",
    b"\x0a",
    b"\x15",
)
"""keys of the fields, in the order of the bytes: number << 3 | type"""

Payloads = NDArray[np.uint8]
"""(record, byte)"""


@final
@dataclass(frozen=True)
class ScalarLayout:
    """Offsets of the bytes that differ between the records of one series."""

    tag: str
    step: int
    """offset of the step; 0 = the field is missing, so the step is 0"""
    step_size: int
    value: int
    """offset of the float32"""

    @classmethod
    def of(cls, payload: bytes) -> Self | None:
        """The layout of an event that consists of wall time, step, tag and float32; else None.

        Raises:
            ValueError: the payload is not a message.
        """
        if payload[:1] != WALL_TIME:
            return None
        at, step, step_size = 9, 0, 0
        if payload[at : at + 1] == STEP:
            step = at + 1
            _, at = varint(payload, step)
            step_size = at - step
        for key in (SUMMARY, VALUE):
            if payload[at : at + 1] != key:
                return None
            length, at = varint(payload, at + 1)
            if at + length != len(payload):
                return None
        if payload[at : at + 1] != TAG:
            return None
        length, at = varint(payload, at + 1)
        tag, at = payload[at : at + length], at + length
        if payload[at : at + 1] != SIMPLE_VALUE or at + 5 != len(payload):
            return None
        return cls(tag.decode("utf-8", "replace"), step, step_size, at + 1)

    def matches(self, payloads: Payloads) -> NDArray[np.bool_]:
        """(record,) whether a record agrees with the first one outside of the fields that differ."""
        fixed = np.ones(payloads.shape[1], np.bool_)
        fixed[1:9] = False
        fixed[self.value : self.value + 4] = False
        step = np.arange(self.step, self.step + self.step_size)
        fixed[step] = False
        same = (payloads[:, fixed] == payloads[0, fixed]).all(axis=1)
        same_size = (payloads[:, step] & 0x80) == (payloads[0, step] & 0x80)
        matches: NDArray[np.bool_] = same & same_size.all(axis=1)
        return matches

    def steps(self, payloads: Payloads) -> NDArray[np.int64]:
        """(record,) steps, stored as varints of equal length."""
        steps = np.zeros(len(payloads), np.uint64)
        for i in range(self.step_size):
            bits = (payloads[:, self.step + i] & 0x7F).astype(np.uint64)
            steps |= bits << np.uint64(7 * i)
        return steps.view(np.int64)

    def values(self, payloads: Payloads) -> NDArray[np.float64]:
        """(record,) values."""
        floats = np.ascontiguousarray(payloads[:, self.value : self.value + 4]).view("<f4")
        return floats[:, 0].astype(np.float64)
