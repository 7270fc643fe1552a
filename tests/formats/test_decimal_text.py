"""Decimal numbers parsed with numpy equal those of `float`, bit by bit."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from memlab.formats import decimal_text
from memlab.formats.decimal_text import parse_decimals
from memlab.formats.read import read_log

DIGITS = st.text("0123456789", max_size=25)
FLOATS = st.floats(allow_nan=False)
DECIMALS = st.builds(
    lambda sign, whole, point, fraction, exponent: (
        sign + (whole or "0") + (point + fraction if point else "") + exponent
    ),
    st.sampled_from(["", "-", "+"]),
    DIGITS,
    st.sampled_from(["", "."]),
    DIGITS,
    st.one_of(st.just(""), st.builds("e{}".format, st.integers(-330, 310))),
)


def parse(cells):
    data = ",".join(cells).encode() + b","
    return parse_decimals(data, np.flatnonzero(np.frombuffer(data, np.uint8) == ord(",")))


def assert_same_as_float(cells):
    values, filled = parse(cells)
    assert filled.all()
    assert values.tobytes() == np.array([float(cell) for cell in cells]).tobytes()


def halfway(value):
    """The number halfway between a float and the next, with all digits."""
    half = (Fraction(value) + Fraction(float(np.nextafter(value, np.inf)))) / 2
    scaled = half * 10**60
    assert scaled.denominator == 1
    digits = str(scaled.numerator).rjust(61, "0")
    return f"{digits[:-60]}.{digits[-60:]}"


@given(st.lists(st.one_of(DECIMALS, FLOATS.map(repr), FLOATS.map("{:.6g}".format)), min_size=1))
@example(
    ["9223372036854775807", "18446744073709551616", "9007199254740993", "1e27", "1e-27", "1e28"]
)
@example(["-0", "-0.0", "+.5", "5.", " 1", "1 ", "nan", "-inf", "0.0000000000000000000000001"])
def test_values_equal_those_of_float(cells):
    assert_same_as_float(cells)


@given(st.floats(1.0, 2.0, exclude_max=True), st.integers(15, 22))
def test_numbers_near_the_middle_of_two_floats_are_rounded_as_float_does(value, digits):
    exact = halfway(value)
    assert_same_as_float([exact[:digits], exact, exact.rstrip("0"), exact[:digits] + "1"])


def test_many_random_numbers_equal_those_of_float():
    values = np.exp(np.random.default_rng(0).normal(0, 8, 20_000))
    assert_same_as_float([repr(value) for value in values.tolist()])
    assert_same_as_float([f"{value:.17e}" for value in values.tolist()])


@pytest.mark.parametrize(
    "cell", ["1_000", "1.2.3", "-", ".", "e5", "1e", "1e+", "--1", "1,5", "0x1", "x", "1 2", " "]
)
def test_other_cells_are_refused(cell):
    assert parse_decimals(cell.encode() + b"\n", np.array([len(cell)])) is None


def test_empty_cells_are_marked():
    values, filled = parse(["", "1", "", "", "2.5", "nan", ""])
    assert filled.tolist() == [False, True, False, False, True, True, False]
    assert values[filled][:2].tolist() == [1.0, 2.5]


def test_platforms_without_long_doubles_read_the_same_table(tmp_path, monkeypatch):
    path = tmp_path / "log.csv"
    path.write_text("step,loss,lr\n1,1.5,1e-5\n2,0.1,\n3,-2,nan\n")
    expected = read_log(path).runs[0].series
    monkeypatch.setattr(decimal_text, "IS_SUPPORTED", False)
    series = read_log(path).runs[0].series
    assert series.keys() == expected.keys() == {"loss", "lr"}
    for name, one in series.items():
        assert one.steps.tolist() == expected[name].steps.tolist()
        assert one.values.tobytes() == expected[name].values.tobytes()
