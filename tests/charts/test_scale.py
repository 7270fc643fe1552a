import math
from decimal import Decimal
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from memlab.charts.scale import Axis, decade, linear_ticks, log_ticks, short

UNITS = {"k": 3, "M": 6, "G": 9, "T": 12}
SUPERSCRIPT = str.maketrans("⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "-0123456789")


def value_of_label(label: str) -> float:
    """The value that a tick's label states."""
    if label[-1] in UNITS:
        return float(Decimal(label[:-1]).scaleb(UNITS[label[-1]]))
    if label.startswith("10") and any(c in "⁻⁰¹²³⁴⁵⁶⁷⁸⁹" for c in label):
        return float(Decimal(1).scaleb(int(label[2:].translate(SUPERSCRIPT))))
    return float(label)


def assert_ticks_are_correct(ticks: list[tuple[float, str]], low: float, high: float) -> None:
    values = [value for value, _ in ticks]
    assert all(low <= value <= high for value in values)
    assert all(a < b for a, b in pairwise(values))
    assert [value_of_label(label) for _, label in ticks] == values


magnitudes = st.floats(-290, 200)
counts = st.integers(2, 12)


@given(st.floats(-1e9, 1e9), st.floats(-6, 12), counts)
def test_linear_ticks_increase_are_within_the_axis_and_state_their_value(
    low: float, power: float, n: int
):
    high = low + max(10.0**power, abs(low) * 1e-6)
    ticks = linear_ticks(low, high, n)
    assert_ticks_are_correct(ticks, low, high)
    assert len(ticks) <= n + 1


@given(magnitudes, st.floats(1e-6, 100), counts)
def test_ticks_of_a_log_axis_increase_are_within_the_axis_and_state_their_value(
    power: float, decades: float, n: int
):
    low, high = 10.0**power, 10.0 ** (power + decades)
    if high / low < 1 + 1e-6:
        high = low * (1 + 1e-6)
    ticks = Axis(low, high, log=True).ticks(n)
    assert_ticks_are_correct(ticks, low, high)
    assert 2 <= len(ticks) <= max(n + 1, 5)


@given(st.floats(-1e6, 1e6), st.floats(-1e6, 1e6), st.floats(0, 1))
def test_value_is_the_inverse_of_place(a: float, b: float, place: float):
    axis = Axis.around(min(a, b), max(a, b), log=False)
    assert math.isclose(float(axis.place(axis.value(place))), place, abs_tol=1e-6)


def test_a_log_axis_of_several_decades_has_ticks_at_decades():
    assert log_ticks(0.005, 2000, 8) == [
        (0.01, "0.01"), (0.1, "0.1"), (1.0, "1"), (10.0, "10"), (100.0, "100"), (1000.0, "1k")
    ]  # fmt: skip


def test_a_log_axis_of_many_decades_has_ticks_at_every_second_decade():
    assert [t for _, t in log_ticks(1e-9, 1.5, 5)] == ["10⁻⁸", "10⁻⁶", "10⁻⁴", "0.01", "1"]


def test_a_log_axis_of_less_than_a_decade_has_linear_ticks():
    assert [t for _, t in Axis(2.1, 3.9, log=True).ticks(4)] == ["2.5", "3", "3.5"]


def test_a_short_log_axis_has_ticks_between_decades():
    assert [t for _, t in log_ticks(0.11, 9, 6)] == ["0.2", "0.5", "1", "2", "5"]
    assert [t for _, t in log_ticks(0.11, 9, 3)] == ["0.3", "1", "3"]


def test_ticks_of_steps_have_unit_prefixes():
    assert [t for _, t in linear_ticks(0, 10_000, 5)] == ["0", "2k", "4k", "6k", "8k", "10k"]
    assert [t for _, t in linear_ticks(0, 1, 5)] == ["0", "0.2", "0.4", "0.6", "0.8", "1"]


@pytest.mark.parametrize(
    ("k", "label"), [(-3, "10⁻³"), (-2, "0.01"), (0, "1"), (6, "1M"), (7, "10⁷"), (-12, "10⁻¹²")]
)
def test_decades_near_one_are_numbers_and_others_powers_of_ten(k: int, label: str):
    assert decade(k) == label


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0"),
        (812, "812"),
        (6204, "6.2k"),
        (17_800, "17.8k"),
        (1.25e6, "1.25M"),
        (999_999, "1M"),
        (-6204, "-6.2k"),
    ],
)
def test_short_numbers_have_three_digits(value: float, text: str):
    assert short(value) == text


@pytest.mark.parametrize("value", [0.0, 5.0, -3.0, 1e-300, 1e300])
def test_a_single_value_is_in_the_middle_of_its_axis(value: float):
    axis = Axis.around(value, value, log=False)
    assert axis.low < axis.high
    assert float(axis.place(value)) == pytest.approx(0.5)


def test_values_outside_the_domain_of_a_log_axis_have_no_place():
    axis = Axis(1e-3, 10.0, log=True)
    assert np.isnan(axis.place([0.0, -1.0, np.nan, np.inf, -np.inf])).all()
