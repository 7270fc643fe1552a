"""Unreadable rows are reported as missing by every command that shows a run."""

import json

import pytest

import memlab as library


def test_a_flipped_byte_in_the_rows_is_reported_by_show_runs_replay_and_open(memlab):
    with library.track("run", runs=memlab.runs) as run:
        for step in range(1, 3001):
            run.log(loss=1 / step)
    path = run.folder.path / "attempts/001/rows-001.bin"
    data = bytearray(path.read_bytes())
    data[16 * 1500] ^= 1
    path.write_bytes(data)
    shown = json.loads(memlab("show", "last", "--json"))
    (missing,) = shown["missing"]
    assert missing["first"] <= 1501 <= missing["last"] and shown["damaged"] == 1
    text = f"rows in steps {missing['first']:,} to {missing['last']:,}"
    for words in (("show", "last"), ("runs",), ("replay", "last", "--once", "--size", "160x40")):
        assert text in " ".join(memlab(*words).split())
    with pytest.warns(RuntimeWarning, match=text):
        library.open("last", runs=memlab.runs)
