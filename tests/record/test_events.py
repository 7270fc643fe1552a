import dataclasses
import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from memlab.record import events, sealed_json
from memlab.record.event_log import EventReader, EventWriter

FLOATS = st.floats()
NAMES = st.text(max_size=5) | st.just("nan")
ANY = st.dictionaries(NAMES, st.none() | st.integers(-5, 5) | FLOATS | NAMES, max_size=3)
STEP = {"step": st.integers(0, 10**9)}
EVENTS = st.one_of(
    st.builds(events.Started, attempt=st.integers(1, 9), resumed_from=st.none() | st.integers(0, 9), **STEP),
    st.builds(
        events.Evaluated,
        values=st.dictionaries(NAMES, FLOATS, max_size=3),
        groups=st.dictionaries(NAMES, st.dictionaries(NAMES, FLOATS, max_size=2), max_size=2),
        **STEP,
    ),
    st.builds(events.Samples, samples=st.lists(ANY, max_size=3), **STEP),
    st.builds(events.SpikeOnset, base=FLOATS, value=FLOATS, z=FLOATS, **STEP),
    st.builds(
        events.Spike, onset=st.integers(0, 9), base=FLOATS, peak=FLOATS, peak_step=st.integers(0, 9),
        recovered_at=st.none() | st.integers(0, 9), label=NAMES, details=ANY, **STEP,
    ),
    st.builds(
        events.Gap, first=st.integers(0, 9), last=st.integers(0, 9), nan=st.integers(0, 9),
        infinite=st.integers(0, 9), closed=st.booleans(), **STEP,
    ),
    st.builds(events.Phase, name=NAMES, after=st.integers(0, 9), threshold=st.none() | FLOATS, split=st.none() | NAMES, **STEP),
    st.builds(events.Finding, level=NAMES, what=NAMES, why=NAMES, advice=NAMES, **STEP),
    st.builds(events.Change, what=NAMES, **STEP),
    st.builds(events.Edited, changes=ANY, **STEP),
    st.builds(events.Checkpoint, best_step=st.none() | st.integers(0, 9), **STEP),
    st.builds(events.Paused, **STEP),
    st.builds(events.Resumed, **STEP),
    st.builds(events.Ended, reason=NAMES, summary=ANY, **STEP),
)  # fmt: skip


def numbered(listed):
    return [dataclasses.replace(event, seq=i, wall=1.5 * i) for i, event in enumerate(listed)]


@settings(max_examples=50)
@given(st.lists(EVENTS, max_size=8))
def test_every_kind_round_trips_through_the_file(tmp_path_factory, listed):
    path = tmp_path_factory.mktemp("log") / "events.jsonl"
    writer, reader = EventWriter(path, "here"), EventReader(path, "here")
    for event in numbered(listed):
        writer.append(event)
    writer.close()
    reader.refresh()
    assert repr(reader.events) == repr(numbered(listed))  # as text, because NaN != NaN
    assert reader.damaged == 0


def test_the_strategy_covers_every_kind():
    assert len(events.KINDS) == 14


def test_rows_cannot_be_converted_to_json():
    with pytest.raises(events.RunError):
        events.to_json(events.Rows(step=1, values=None))


@pytest.mark.parametrize(
    "line",
    [
        {"kind": "of the future", "step": 3, "seq": 1, "more": [1]},
        {"kind": "evaluated", "step": 3, "values": "not a table"},
        {"kind": "evaluated", "step": 3, "values": {"val_loss": "high"}},
        {"kind": "phase", "step": True, "name": "grokked", "after": 1},
        {"kind": "samples", "step": 1, "samples": [1]},
        {"kind": ["evaluated"], "step": 2**80},
        {"kind": "phase", "step": 3},
        {},
    ],
)
def test_unknown_events_are_kept_unchanged(line):
    event = events.from_json(line)
    assert isinstance(event, events.Unknown) and events.to_json(event) == line


def test_fields_of_later_versions_are_ignored():
    event = events.from_json({"kind": "paused", "step": 3, "seq": 1, "wall": 2, "why": "lunch"})
    assert event == events.Paused(step=3, seq=1, wall=2)


@settings(max_examples=50)
@given(st.lists(EVENTS, min_size=1, max_size=5), st.data())
def test_a_reader_of_a_growing_file_returns_complete_lines(tmp_path_factory, listed, data):
    path = tmp_path_factory.mktemp("log") / "events.jsonl"
    lines = [sealed_json.seal(events.to_json(event), "here") for event in numbered(listed)]
    text = b"".join(lines)
    reader = EventReader(path, "here")
    for cut in sorted(data.draw(st.lists(st.integers(0, len(text)), max_size=4))):
        path.write_bytes(text[:cut])
        reader.refresh()
        whole = sum(len(b"".join(lines[: i + 1])) <= cut for i in range(len(lines)))
        assert len(reader.events) == whole and reader.damaged == 0
    path.write_bytes(text)
    reader.refresh()
    assert repr(reader.events) == repr(numbered(listed))


@settings(max_examples=50)
@given(st.data())
def test_damage_removes_only_the_lines_it_touches_and_adds_none(tmp_path_factory, data):
    path = tmp_path_factory.mktemp("log") / "events.jsonl"
    listed = numbered([events.Change(step=i, what="x" * i) for i in range(12)])
    text = b"".join(sealed_json.seal(events.to_json(event), "here") for event in listed)
    start = data.draw(st.integers(0, len(text)))
    match data.draw(st.sampled_from(["flip", "zero", "garbage", "cut", "append", "twice"])):
        case "flip" if start < len(text):
            text = text[:start] + bytes([text[start] ^ 4]) + text[start + 1 :]
        case "zero":
            text = text[:start] + bytes(30) + text[start + 30 :]
        case "garbage":
            text = text[:start] + data.draw(st.binary(max_size=50)) + text[start:]
        case "cut":
            text = text[:start]
        case "append":
            text += data.draw(st.binary(max_size=50))
        case "twice":
            text += text
    path.write_bytes(text)
    reader = EventReader(path, "here")
    reader.refresh()
    assert all(event in listed for event in reader.events)
    seqs = [event.seq for event in reader.events]
    assert seqs == sorted(set(seqs))
    before = [event.seq for event in reader.events if event.seq < 12]
    untouched_before = sum(
        len(b"".join(sealed_json.seal(events.to_json(e), "here") for e in listed[: i + 1])) <= start
        for i in range(12)
    )
    assert before[:untouched_before] == list(range(untouched_before))


def test_a_line_that_is_too_long_is_skipped(tmp_path):
    path = tmp_path / "events.jsonl"
    line = sealed_json.seal(events.to_json(events.Paused(step=1, seq=0)), "here")
    path.write_bytes(b"x" * (16 << 20) + b"\n" + line)
    reader = EventReader(path, "here")
    reader.refresh()
    assert reader.events == [events.Paused(step=1, seq=0)] and reader.damaged >= 1


def test_a_nan_loss_is_written_as_text(tmp_path):
    writer = EventWriter(tmp_path / "e", "here")
    writer.append(events.Evaluated(step=1, seq=0, values={"val_loss": math.nan}))
    writer.close()
    assert b'{"val_loss": "nan"}' in (tmp_path / "e").read_bytes()
