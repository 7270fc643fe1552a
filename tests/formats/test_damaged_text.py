"""Damaged text logs: truncated rows are left out, invalid values are refused."""

import json
import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from memlab.errors import DataError
from memlab.formats.detect import PARSERS, parser_of
from memlab.formats.json_values import DEEPEST, load
from memlab.formats.names import name_series
from memlab.formats.record_log import record_run
from memlab.formats.table import NO_NEWLINE
from memlab.formats.table_header import TableOptions
from memlab.record.doctor import examine

from .test_fixtures import FOLDER, TEXT

STATE = next(FOLDER.rglob("trainer_state.json"))
FILES = {
    "jsonl": TEXT / "log.jsonl",
    "trainer_state": STATE,
    "keras-history": TEXT / "keras_history.json",
    "nanogpt": TEXT / "nanogpt.txt",
    "modded-nanogpt": TEXT / "modded_nanogpt.txt",
    "llmc-log": TEXT / "llmc_main.log",
    "llmc-console": TEXT / "llmc_console.txt",
    "csv": TEXT / "keras.csv",
}
LOGS = {name: path.read_bytes() for name, path in FILES.items()}
SINGLE_VALUE = ("trainer_state", "keras-history")
"""formats of one JSON value, which is read only when it is complete"""
by_line = st.sampled_from([name for name in LOGS if name not in SINGLE_VALUE])
any_format = st.sampled_from(list(LOGS))
ODD = st.sampled_from(
    [b"9" * 25, b"1e999", b"-", b"\xff", b"\x00", b"\n", b'"', b"{", b"[" * 2000, b"nan", b"\\ud800",
     b"9" * 5000, b",", b"\r", b"\xe2\x80\xae", b"null", b"true", b'"step": -1, ', b" "]
)  # fmt: skip


def parsed(name, data):
    """The log, or None if the file is refused; the error must name the file."""
    parser = parser_of(name)("the file", "run", TableOptions())
    try:
        parser.feed(data)
        parser.close()
        return parser.log()
    except DataError as error:
        assert "the file" in str(error)
        return None


def values(log):
    """{series: [(step, value), ...]} in the order of the file."""
    return {
        name: list(zip(series.steps.tolist(), map(repr, series.values.tolist()), strict=True))
        for run in log.runs
        for name, series in run.series.items()
    }


def check(log):
    """Check that every series has one step per value, in increasing order."""
    for run in log.runs:
        for series in run.series.values():
            steps, found = series.merged()
            assert len(steps) == len(found) and (np.diff(steps) > 0).all()


COMPLETE = {name: values(parsed(name, data)) for name, data in LOGS.items()}


def test_complete_logs_are_read():
    assert set(FILES) == set(PARSERS) - {"tensorboard", "wandb"}
    assert all(COMPLETE.values())


@settings(max_examples=150, deadline=None)
@given(name=by_line, data=st.data())
def test_a_truncated_log_gives_the_complete_rows_and_no_other_value(name, data):
    text = LOGS[name]
    log = parsed(name, text[: data.draw(st.integers(0, len(text)))])
    if log is None:
        assert name == "csv"  # without a row there is no table
        return
    for series, found in values(log).items():
        if series == "config.lr":  # a single row is not recognized as settings
            continue
        complete = COMPLETE[name][series]
        # A validation loss without its step line is recorded at the step after the last.
        moved = name == "llmc-console" and series == "val_loss"
        same = found[:-1] if moved or NO_NEWLINE in log.notes else found
        assert same == complete[: len(same)]


@pytest.mark.parametrize("name", SINGLE_VALUE)
def test_a_truncated_json_value_is_refused(name):
    text = LOGS[name].rstrip()
    for cut in range(0, len(text), max(len(text) // 100, 1)):
        assert parsed(name, text[:cut]) is None


@settings(max_examples=250, deadline=None)
@given(name=any_format, data=st.data(), bit=st.integers(0, 7))
def test_a_log_with_a_flipped_bit_is_read_or_refused(name, data, bit):
    text = bytearray(LOGS[name])
    text[data.draw(st.integers(0, len(text) - 1))] ^= 1 << bit
    if log := parsed(name, bytes(text)):
        check(log)


@settings(max_examples=250, deadline=None)
@given(name=any_format, data=st.data(), odd=ODD | st.binary(max_size=12))
def test_a_log_with_odd_bytes_is_read_or_refused(name, data, odd):
    text = LOGS[name]
    first, last = sorted(data.draw(st.tuples(*[st.integers(0, len(text))] * 2)))
    last = min(last, first + data.draw(st.integers(0, 30)))
    if log := parsed(name, text[:first] + odd + text[last:]):
        check(log)


@settings(max_examples=40, deadline=None)
@given(name=any_format, data=st.data(), odd=ODD)
def test_a_log_with_odd_numbers_is_imported_as_a_healthy_run_or_refused(
    name, data, odd, tmp_path_factory
):
    text = LOGS[name]
    numbers = [found.span() for found in re.finditer(rb"[\d.]+", text)]
    first, last = data.draw(st.sampled_from(numbers))
    log = parsed(name, text[:first] + odd + text[last:])
    for run in log.runs if log else ():
        runs = tmp_path_factory.mktemp("runs")
        try:
            recording = record_run(run, log, name_series(run, []), runs, "the file")
        except DataError:
            continue
        assert examine(recording.folder).healthy


def test_steps_beyond_64_bits_are_refused_or_skipped():
    row = {"step": 10**30, "loss": 1.0}
    assert parsed("trainer_state", json.dumps({"log_history": [row]}).encode()) is None
    assert parsed("jsonl", json.dumps(row).encode() + b"\n") is None
    lines = f"iter {'9' * 30}: loss 1.0, time 1.0ms\niter 5: loss 2.0, time 1.0ms\n"
    assert values(parsed("nanogpt", lines.encode()))["loss"] == [(5, "2.0")]


def test_json_that_is_nested_too_deeply_is_refused():
    for depth in (DEEPEST, 400, 990, 100_000):
        text = '{"a":' * depth + "1" + "}" * depth
        if depth == DEEPEST:
            assert load(text)
            continue
        with pytest.raises(ValueError, match="nested too deeply"):
            load(text)


def test_a_lone_surrogate_in_a_name_is_escaped(tmp_path):
    log = parsed("jsonl", b'{"step": 1, "loss": 2, "\\ud800": 3}\n{"step": 2, "\\ud800": 4}\n')
    (run,) = log.runs
    assert run.series["\\ud800"].values.tolist() == [3.0, 4.0]
    record_run(run, log, name_series(run, []), tmp_path, "the file")
