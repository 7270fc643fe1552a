"""Damaged TensorBoard and W&B files: everything before the damage is read, and it is reported."""

import contextlib
import io
import struct
import zlib
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from memlab.errors import DataError
from memlab.formats.crc32c import masked_crc, masked_crcs
from memlab.formats.detect import PARSERS, detect, parser_of
from memlab.formats.protobuf import (
    encode_field,
    encode_float32,
    encode_varint,
    fields,
    signed,
    varint,
)
from memlab.formats.table_header import TableOptions
from memlab.formats.tensorboard import TensorBoardParser
from memlab.formats.tensorboard_writer import TensorBoardWriter
from memlab.formats.wandb import BLOCK, FILE_HEADER, WandbParser


def event_file(n=60):
    """A file of n values in two series, and the offset at which each record ends."""
    file, ends = io.BytesIO(), []
    writer = TensorBoardWriter(file, 1.5e9)
    ends.append(file.tell())
    for i in range(n):
        tag = ("loss", "a/longer tag")[i % 2]
        writer.scalars(tag, np.array([100 * i]), np.array([i / 4]), [1.5e9 + i])
        ends.append(file.tell())
    return file.getvalue(), ends


def chunked(records):
    """Records in W&B's framing, implemented from its description."""
    data = bytearray(FILE_HEADER)
    ends = []
    for record in records:
        first = True
        while first or record:
            remaining = BLOCK - len(data) % BLOCK
            if remaining < 7:
                data += bytes(remaining)
                remaining = BLOCK
            part, record = record[: remaining - 7], record[remaining - 7 :]
            kind = {(True, True): 1, (True, False): 2, (False, False): 3, (False, True): 4}[
                first, not record
            ]
            crc = zlib.crc32(bytes([kind]) + part)
            data += struct.pack("<IHB", crc, len(part), kind) + part
            first = False
        ends.append(len(data))
    return bytes(data), ends


def history(step, **values):
    items = b"".join(
        encode_field(1, encode_field(1, name.encode()) + encode_field(16, repr(value).encode()))
        for name, value in values.items()
    )
    return encode_field(2, items + encode_field(2, encode_field(1, step)))


def wandb_file(n=60, size=2000):
    pad = "x" * size
    texts = encode_field(13, encode_field(3, pad.encode()))
    records = []
    for i in range(n):
        records += [history(i, loss=i / 4), texts]
    return chunked(records)


def values(parser, name="loss"):
    runs = [run for run in parser.log().runs if name in run.series]
    return runs[0].series[name].values.tolist() if runs else []


def feed(cls, data, cuts=()):
    parser = cls("file", "run")
    edges = [0, *sorted({c for c in cuts if c < len(data)}), len(data)]
    for start, stop in pairwise(edges):
        parser.feed(data[start:stop])
    parser.close()
    return parser


EVENTS, EVENT_ENDS = event_file()
WANDB, WANDB_ENDS = wandb_file()


def test_checksums_equal_those_of_the_rfc():
    # RFC 3720, B.4: 32 bytes of zeros, 32 of ones, and 0 to 31.
    for message, crc in (
        (bytes(32), 0x8A9136AA), (b"\xff" * 32, 0x62A8AB43), (bytes(range(32)), 0x46DD794E),
    ):  # fmt: skip
        masked = ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF
        assert masked_crc(message) == masked
        assert (
            masked_crcs(np.frombuffer(message * 2, np.uint8).reshape(2, -1)).tolist()
            == [masked] * 2
        )


@given(st.integers(-(2**63), 2**63 - 1))
def test_integers_are_encoded_and_decoded_unchanged(number):
    data = encode_varint(number)
    value, end = varint(data, 0)
    assert (signed(value), end) == (number, len(data))


def test_files_fed_in_pieces_give_the_same_values():
    assert values(feed(TensorBoardParser, EVENTS)) == [i / 4 for i in range(0, 60, 2)]
    assert values(feed(WandbParser, WANDB)) == [i / 4 for i in range(60)]
    cuts = [3, 20, 21, 100, 32768, 32770, 40000]
    for cls, data in ((TensorBoardParser, EVENTS), (WandbParser, WANDB)):
        assert values(feed(cls, data, cuts)) == values(feed(cls, data))
        assert feed(cls, data).log().damage is None


@settings(max_examples=80, deadline=None)
@given(cut=st.integers(0, len(EVENTS)))
def test_complete_records_of_a_truncated_event_file_are_read(cut):
    parser = feed(TensorBoardParser, EVENTS[:cut])
    n_complete = sum(end <= cut for end in EVENT_ENDS[1:])
    assert values(parser) == [i / 4 for i in range(0, n_complete, 2)]
    assert (parser.damage is None) == (cut in (0, *EVENT_ENDS))


@settings(max_examples=80, deadline=None)
@given(place=st.integers(0, len(EVENTS) - 1), bit=st.integers(0, 7))
def test_an_event_file_is_read_up_to_a_flipped_bit(place, bit):
    data = bytearray(EVENTS)
    data[place] ^= 1 << bit
    parser = feed(TensorBoardParser, bytes(data))
    n_complete = max(sum(end <= place for end in EVENT_ENDS) - 1, 0)
    assert values(parser) == [i / 4 for i in range(0, n_complete, 2)]
    assert parser.damage is not None


@settings(max_examples=60, deadline=None)
@given(cut=st.integers(7, len(WANDB)))
def test_complete_records_of_a_truncated_wandb_file_are_read(cut):
    parser = feed(WandbParser, WANDB[:cut])
    n_complete = sum(end <= cut for end in WANDB_ENDS[::2])
    assert values(parser) == [i / 4 for i in range(n_complete)]


@settings(max_examples=60, deadline=None)
@given(place=st.integers(0, len(WANDB) - 1), bit=st.integers(0, 7))
def test_a_wandb_file_is_read_up_to_a_flipped_bit(place, bit):
    data = bytearray(WANDB)
    data[place] ^= 1 << bit
    parser = feed(WandbParser, bytes(data))
    n_complete = sum(end <= place for end in WANDB_ENDS[::2])
    found = values(parser)
    # Bits of the padding at the end of a block are ignored, as in LevelDB's format.
    assert found == [i / 4 for i in range(n_complete)] or (
        found == values(feed(WandbParser, WANDB))
    )


@settings(max_examples=150, deadline=None)
@given(
    name=st.sampled_from(list(PARSERS)),
    data=st.binary(max_size=300) | st.text(max_size=100).map(str.encode),
    start=st.sampled_from([b"", EVENTS[:50], WANDB[:40], b'{"loss": 1}\n', b"step,loss\n1,2\n"]),
)
def test_random_bytes_are_read_or_refused_by_every_parser(name, data, start):
    parser = parser_of(name)("file", "run", TableOptions())
    detect(start + data)
    try:
        parser.feed(start + data)
        parser.close()
        parser.log()
    except DataError as error:
        assert "file" in str(error)


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=60))
def test_random_messages_are_parsed_or_refused(data):
    with contextlib.suppress(ValueError):
        list(fields(data))


def test_tensors_and_several_values_in_one_event_are_read():
    """TensorFlow 2 writes scalars as tensors; TensorFlow 1 writes several values in one summary."""
    tensor = encode_field(1, 1) + encode_field(4, struct.pack("<f", 2.5))
    plugin = encode_field(1, encode_field(1, b"scalars"))
    image = encode_field(1, encode_field(1, b"images"))
    texts = encode_field(1, 7) + encode_field(8, b"hello")
    one = encode_field(
        1, encode_field(1, b"tf2") + encode_field(9, plugin) + encode_field(8, tensor)
    )
    two = encode_field(1, encode_field(1, b"tf1") + encode_float32(2, 4.0))
    skipped = encode_field(
        1, encode_field(1, b"img") + encode_field(9, image) + encode_field(8, tensor)
    )
    words = encode_field(1, encode_field(1, b"words") + encode_field(8, texts))
    file = io.BytesIO()
    writer = TensorBoardWriter(file, 1.0)
    for step in (-5, 2**40):
        summary = one + two + skipped + words
        writer.write([encode_field(1, 1.0) + encode_field(2, step) + encode_field(5, summary)])
    (run,) = feed(TensorBoardParser, file.getvalue()).log().runs
    assert {name: (s.steps.tolist(), s.values.tolist()) for name, s in run.series.items()} == {
        "tf2": ([-5, 2**40], [2.5, 2.5]),
        "tf1": ([-5, 2**40], [4.0, 4.0]),
    }


def test_a_restart_event_starts_another_attempt():
    file = io.BytesIO()
    writer = TensorBoardWriter(file, 1.0)
    writer.scalars("loss", np.array([10]), np.array([1.0]), [1.0])
    start = encode_field(7, encode_field(1, 1))
    writer.write([encode_field(1, 2.0) + encode_field(2, 11) + start])
    writer.scalars("loss", np.array([11]), np.array([2.0]), [3.0])
    (run,) = feed(TensorBoardParser, file.getvalue()).log().runs
    assert run.attempts == 2 and run.series["loss"].merged()[0].tolist() == [10, 11]


def many_records(first, n):
    """n records of one series from step `first` on; steps from 2**21 to 2**28 take four bytes."""
    file = io.BytesIO()
    TensorBoardWriter(file, 1.0)
    header = len(file.getvalue())
    TensorBoardWriter(file, 1.0).scalars("loss", np.array([first]), np.array([1.0]), [1.0])
    record = file.getvalue()[2 * header :]
    records = np.tile(np.frombuffer(record, np.uint8), (n, 1))
    at = 12 + 9 + 1  # the header of the record, the wall time, the key of the step
    steps = first + np.arange(n)
    for i in range(4):
        records[:, at + i] = (steps >> 7 * i) & 0x7F | (0x80 if i < 3 else 0)
    records[:, -4:] = masked_crcs(records[:, 12:-4]).astype("<u4")[:, None].view(np.uint8)
    return records.tobytes()


@pytest.mark.slow
@pytest.mark.skipif(
    not Path("/proc/self/statm").exists(), reason="resident memory is read from /proc"
)
def test_ten_million_values_are_read_in_bounded_memory():
    parser = TensorBoardParser("file", "run")
    file = io.BytesIO()
    TensorBoardWriter(file, 1.0)
    parser.feed(file.getvalue())
    pages = []
    """resident pages after each block"""
    for block in range(50):
        parser.feed(many_records(2**21 + block * 200_000, 200_000))
        pages.append(int(Path("/proc/self/statm").read_text().split()[1]))
    series = parser.log().runs[0].series["loss"]
    assert len(series.values) == 10_000_000 and series.steps[-1] == 2**21 + 10_000_000 - 1
    assert max(pages[40:]) < 1.2 * max(pages[:10])
