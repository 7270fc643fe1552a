"""Tables: rows that do not match the header are refused with their line."""

import csv
import io
import math
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from memlab.errors import DataError
from memlab.formats import TableOptions
from memlab.formats.table import TableParser


def series(log, name, run=0):
    steps, values = log.runs[run].series[name].merged()
    return steps.tolist(), values.tolist()


def parse(data, cuts=(), options=None):
    """A table fed in pieces that end at `cuts`."""
    parser = TableParser("a.csv", "a", options)
    edges = [0, *sorted({c for c in cuts if c < len(data)}), len(data)]
    for start, stop in pairwise(edges):
        parser.feed(data[start:stop])
    parser.close()
    return parser.log()


def rows(n=400, bad=(), header="step,loss,sample"):
    """A table of n rows; `bad` has (row number, text) pairs that replace rows."""
    lines = [header, *(f"{i},{1 + i / 1000:.3f},text {i}" for i in range(1, n + 1))]
    for number, text in bad:
        lines[number] = text
    return "\n".join(lines) + "\n"


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        (rows(bad=[(20, '20,1.020,"text')]), 21, "stray quote"),
        (rows(bad=[(20, '20,1.020,"text'), (40, '40,1.040,"text')]), 21, "stray quote"),
        (rows(bad=[(20, '20,1.020,"'), (40, '40,1.040,"')]), 21, "stray quote"),
        (rows(bad=[(400, '400,1.4,"text')]) + "401,1.4,x\n", 401, "stray quote"),
        (rows(bad=[(7, "7,1.007,text,more")]), 8, "4 cells"),
        (rows(bad=[(7, "7,1.007")]), 8, "cut off"),
        (rows(bad=[(7, "7")]), 8, "1 cell:"),
        (rows(bad=[(400, "400,1.4")]), 401, "cut off"),
        (rows(bad=[(7, "7,1,007,text")]), 8, "decimal comma"),
        ("loss\n2,31\n2,30\n0,95\n", 2, "decimal comma"),
        ("step,loss\n1,2.5\n2,2,31\n", 3, "decimal comma"),
        ("step;loss\n1;2,31\n2;2,30\n", 2, "decimal comma"),
        ("step\tloss\n1\t2,31\n2\t2,30\n", 2, "decimal comma"),
        ('step,loss\n1,"2,31"\n2,"2,30"\n', 2, "decimal comma"),
        ("loss\n0.5\nNA\n", 3, "'NA'"),
        ("loss\n0.5\nNone\n", 3, "'None'"),
        ("step,loss\n1,0.5\n2,\n3,null\n4,0.1\n", 4, "'null'"),
        ("step,loss\n1,0.5\nstep,loss\n2,0.1\n", 3, "repeats the header"),
        ("loss\n0.5\nloss\n0.1\n", 3, "repeats the header"),
        ("loss\n1\nhello\n", 3, "not a number"),
        ("loss\n1_000\n2\n", 2, "'1_000'"),
        ("step,loss\n1,0.5\n,0.4\n", 3, "no step"),
        ("step,loss\n1,0.5\n1.5,0.4\n", 3, "not a whole number"),
        ("step,loss\n1,0.5\nnan,0.4\n", 3, "not a whole number"),
        ("loss,loss\n1,2\n", 1, "the same name"),
        (b"loss\n0.5\n\xff\xfe\n", 3, "UTF-8"),
        ("loss\n1\n".encode("utf-16"), 1, "UTF-8"),
        pytest.param(f"loss\n{'1' * 2_000_000}\n", 2, "field limit", id="wide"),
        ("a b\n1 2\n1 2 3\n", 3, "3 cells"),
    ],
)  # fmt: skip
def test_an_invalid_row_is_refused_with_its_line(read, text, line, message):
    with pytest.raises(DataError) as error:
        read(text)
    assert f"a.csv, line {line:,}:" in str(error.value)
    assert message in str(error.value)


@pytest.mark.parametrize("text", ["", "\n\n", "  \n"])
def test_an_empty_file_is_refused(read, text):
    with pytest.raises(DataError, match="no table"):
        read(text)


@pytest.mark.parametrize(
    "partial", ["399", "399,1.3", '399,1.399,"te', "399,1e", "399,-,text", "3x"]
)
def test_a_partial_last_row_is_left_out_with_a_warning(read, partial):
    log = read(rows(398) + partial)
    assert series(log, "loss") == series(read(rows(398)), "loss")
    assert log.warnings == ("line 400, the last one, is cut off and left out",)


def test_a_last_row_without_a_newline_is_complete(read):
    log = read(rows(399).removesuffix("\n"))
    assert series(log, "loss") == series(read(rows(399)), "loss") and log.warnings == ()


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("0.9\n0.8\n0.7\n", ["column 1"]),
        ("9.0e-01\n8.0e-01\n7.0e-01\n", ["column 1"]),
        ("1 0.9\n2 0.8\n3 0.7\n", ["column 1", "column 2"]),
        ("1,0.9\n2,0.8\n3,0.7", ["column 1", "column 2"]),
    ],
)
def test_a_numeric_first_line_is_data_with_a_note(read, text, names):
    log = read(text)
    assert list(log.runs[0].series) == names
    assert series(log, names[-1]) == ([1, 2, 3], [0.9, 0.8, 0.7])
    assert "the first line contains numbers" in log.notes[0]


def test_a_table_of_numpy_with_a_comment_as_header_is_read(read):
    out = io.BytesIO()
    np.savetxt(out, np.array([[1, 0.9], [2, 0.8]]), header="step loss")
    assert series(read(out.getvalue()), "loss") == ([1, 2], [0.9, 0.8])


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("start", ["", "\ufeff", "\n", "\n  \n"])
def test_all_separators_line_ends_and_blank_first_lines_are_accepted(
    read, newline, separator, start
):
    lines = ["step,train_loss,note", "50,2.5,a", "100,nan,b", "150,-inf,c"]
    text = start + newline.join(lines).replace(",", separator) + newline
    steps, values = series(read(text.replace("\n", newline)), "train_loss")
    assert steps == [50, 100, 150]
    np.testing.assert_array_equal(values, [2.5, np.nan, -np.inf])


def test_empty_cells_have_no_value_and_nan_is_a_value(read):
    steps, values = series(read("loss\n0.5\n\n  \nnan\n1e300\n"), "loss")
    assert steps == [1, 2, 3]
    np.testing.assert_array_equal(values, [0.5, np.nan, 1e300])
    log = read("step,loss,val_loss\n10,0.5,\n10,,0.7\n20,0.4,\n")
    assert series(log, "loss") == ([10, 20], [0.5, 0.4])
    assert series(log, "val_loss") == ([10], [0.7]) and log.runs[0].attempts == 1


def test_steps_are_a_column_with_a_known_name_or_the_row_numbers(read):
    for name in ("step", "global_step", "_step", "Step", "iteration", "iter", "epoch"):
        log = read(f"loss,{name}\n0.5,50\n0.4,100\n0.3,150\n")
        assert series(log, "loss") == ([50, 100, 150], [0.5, 0.4, 0.3])
        assert list(log.runs[0].series) == ["loss"]
    log = read("loss,batch\n0.5,50\n0.4,100\n")
    assert series(log, "loss")[0] == [1, 2]
    options = TableOptions(renamed=(("batch", "step"),))
    assert series(read("loss,batch\n0.5,50\n0.4,100\n", options=options), "loss")[0] == [50, 100]


def test_repeated_or_fractional_epochs_are_not_used_as_steps(read):
    for epochs in ((1, 1, 1, 2, 2, 2), (0.1, 0.2, 0.3, 0.4, 0.5, 0.6)):
        text = "epoch,loss\n" + "".join(f"{e},{1 / (i + 1)}\n" for i, e in enumerate(epochs))
        log = read(text)
        assert series(log, "loss")[0] == [1, 2, 3, 4, 5, 6] and log.runs[0].attempts == 1
        assert "epoch does not count steps" in log.notes[0]
        four_rows = "".join(text.splitlines(keepends=True)[:5])
        pieces = parse(text.encode(), cuts=(len(four_rows),))
        assert series(pieces, "epoch") == series(log, "epoch") == ([1, 2, 3, 4, 5, 6], [*epochs])


def test_repeated_steps_start_an_attempt_and_the_last_value_is_used(read):
    steps = [*range(1, 101), *range(51, 81), *range(61, 121)]
    values = [i / 1000 for i in range(len(steps))]
    text = "step,loss\n" + "".join(f"{s},{v}\n" for s, v in zip(steps, values, strict=True))
    run = read(text).runs[0]
    assert (run.attempts, run.restarts()) == (3, [51, 61])
    assert run.n_replaced == 50 + 20
    state = {}
    for s, v in zip(steps, values, strict=True):
        if state and s <= max(state):
            state = {step: kept for step, kept in state.items() if step < s}
        state[s] = v
    assert series(read(text), "loss") == (list(state), list(state.values()))


def test_a_restart_is_one_attempt_for_all_columns(read):
    text = "step,loss,val_loss\n1,1,\n2,2,9\n3,3,\n4,4,8\n3,5,\n4,6,7\n5,7,\n6,8,6\n"
    run = read(text).runs[0]
    assert (run.attempts, run.restarts()) == (2, [3])
    assert series(read(text), "val_loss") == ([2, 4, 6], [9, 7, 6])


def test_too_many_restarts_are_refused(read):
    text = "step,loss\n" + "".join(f"{i % 2},1\n" for i in range(4000))
    with pytest.raises(DataError, match="go back more than 998 times"):
        read(text)


def test_text_columns_are_left_out_and_only_a_selected_column_must_be_numeric(read):
    log = read("step,loss,sample,mixed\n1,0.5,a,1\n2,0.4,b,2\n")
    assert list(log.runs[0].series) == ["loss", "mixed"]
    assert "left out: sample" in log.notes[0]
    text = "step,loss,mixed\n1,0.5,1\n2,0.4,x\n"
    with pytest.raises(DataError, match="'mixed'"):
        read(text)
    assert series(read(text, options=TableOptions(only="loss")), "loss")[1] == [0.5, 0.4]
    assert series(read(text, options=TableOptions(renamed=(("mixed", "-"),))), "loss")[0] == [1, 2]


def test_quoted_cells_may_hold_separators_quotes_and_line_breaks(read):
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(["step", "sample, text", "loss"])
    texts = ["a,b", 'say "hello"', "two\nlines", "one\n\nmore\nlines here", "plain"]
    for i in range(50):
        writer.writerow([i, texts[i % 5], i / 10])
    assert series(read(out.getvalue()), "loss") == (list(range(50)), [i / 10 for i in range(50)])


cells = st.one_of(
    st.floats(allow_nan=True, allow_infinity=True).map(repr), st.just(""), st.just(" 1.5 ")
)


@settings(max_examples=60, deadline=None)
@given(
    table=st.lists(st.lists(cells, min_size=2, max_size=2), min_size=1, max_size=30),
    cuts=st.lists(st.integers(1, 400), max_size=6),
    quoted=st.booleans(),
)
def test_a_table_fed_in_pieces_equals_that_of_a_plain_loop(table, cuts, quoted):
    text = "step,a,b\n" + "".join(
        f"{i},{a},{f'{chr(34)}{b}{chr(34)}' if quoted else b}\n" for i, (a, b) in enumerate(table)
    )
    log = parse(text.encode(), cuts)
    for column, name in enumerate("ab"):
        expected = [(i, float(row[column])) for i, row in enumerate(table) if row[column].strip()]
        found = log.runs[0].series.get(name) if log.runs else None
        steps = found.steps.tolist() if found else []
        assert steps == [i for i, _ in expected]
        np.testing.assert_array_equal(
            found.values if found else [], [value for _, value in expected]
        )


@settings(max_examples=150, deadline=None)
@given(
    place=st.integers(0, 700),
    junk=st.binary(max_size=6),
    removed=st.integers(0, 5),
    cut=st.integers(0, 900),
)
def test_a_damaged_table_is_read_or_refused_with_its_line(place, junk, removed, cut):
    data = rows(40).encode()
    data = (data[:place] + junk + data[place + removed :])[: max(cut, 30)]
    try:
        log = parse(data)
    except DataError as error:
        assert error.where is not None
    else:
        for run in log.runs:
            assert all(len(s.steps) == len(s.values) <= 60 for s in run.series.values())


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=200))
def test_random_bytes_are_read_or_refused(data):
    try:
        parse(data)
    except DataError as error:
        assert error.where is not None and "a.csv" in error.where


def test_na_in_a_keras_log_is_a_missing_value(read):
    log = read("epoch,loss,val_loss\n0,2.5,NA\n1,2.0,2.25\n")
    assert series(log, "loss") == ([0, 1], [2.5, 2.0]) and series(log, "val_loss") == ([1], [2.25])


def test_a_chart_exported_from_wandb_has_a_run_per_prefix_and_a_note_on_sampling(read):
    log = read(
        '"Step","calm - train/loss","calm - train/loss__MIN","calm - train/loss__MAX",'
        '"wild - train/loss","wild - train/loss__MIN","wild - train/loss__MAX"\n'
        '"10","1.5","1.4","1.6","","",""\n"20","1.25","1","1.5","9","8","10"\n'
    )
    assert [run.name for run in log.runs] == ["calm", "wild"]
    assert series(log, "train/loss") == ([10, 20], [1.5, 1.25])
    assert series(log, "train/loss", run=1) == ([20], [9.0])
    assert "samples" in log.notes[0]


def test_values_are_float64(read):
    values = [math.pi, 1e300, 5e-324, -0.1, 123456789.123456789]
    text = "loss\n" + "\n".join(map(repr, values)) + "\n"
    assert series(read(text), "loss")[1] == values
