from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from memlab.charts import Chart, Level, Marks, Series, VerticalRule, as_text, draw, values_at
from memlab.charts.labels import place_labels
from memlab.charts.legend import legend_lines
from memlab.charts.scale import Axis

TRAIN = Series("train", np.arange(0, 100, 10), np.arange(10) / 10, "train")
VAL = Series("val", np.array([0, 50]), np.array([2.0, 1.5]), "val")


def test_values_at_the_cursor_are_those_of_the_nearest_step():
    chart = Chart(series=(TRAIN, VAL))
    assert values_at(chart, 33) == {"train": (30.0, 0.3), "val": (50.0, 1.5)}
    assert values_at(chart, None) == {"train": (90.0, 0.9), "val": (50.0, 1.5)}


def test_non_finite_values_are_skipped():
    chart = Chart(
        series=(Series("a", [1, 2, 3], [1.0, 2.0, np.nan], "x"), Series("b", [], [], "x"))
    )
    assert values_at(chart, 3) == {"a": (2.0, 2.0)}


def test_the_legend_shows_the_values_at_the_cursor():
    chart = Chart(series=(TRAIN, VAL), levels=(Level(4.575, "chance", "chance"),), cursor=33)
    first = as_text(draw(chart, 70, 12, colour=False)).split("\n")[0]
    assert first.split("  ")[-3:] == ["▬ train 0.3", "● val 1.5", "╌ chance 4.575"]


def test_a_curve_may_state_its_value_or_have_none():
    stated = (
        Series("stated", [1, 2], [3.0, 4.0], "x", 3.5),
        Series("none", [1, 2], [3, 4], "x", np.nan),
    )
    assert "▬ stated 3.5  ● none –" in as_text(draw(Chart(stated), 60, 12, colour=False))


def test_only_visible_marks_are_counted():
    marks = Marks("spike", np.array([5, 35, 45]), np.ones(3), "spike")
    assert "▼ 3 spikes" in as_text(draw(Chart((TRAIN,), marks=(marks,)), 60, 12, colour=False))
    zoomed = Chart((TRAIN,), marks=(marks,), x_range=(30, 40))
    assert "▼ 1 spike " in as_text(draw(zoomed, 60, 12, colour=False)).split("\n")[0] + " "


def test_entries_that_do_not_fit_into_the_legend_are_omitted_entirely():
    levels = tuple(Level(0.5, f"level-{i}", "x") for i in range(9))
    first = as_text(draw(Chart((TRAIN,), levels=levels), 40, 12, colour=False)).split("\n")[0]
    assert first.split() == ["▬", "train", "0.9", "╌", "level-0", "0.5"]


def labels(*rules: tuple[float, str], columns: int = 40) -> list[tuple[int, int, str]]:
    chart = Chart(rules=tuple(VerticalRule(x, name, "phase") for x, name in rules))
    placed = place_labels(chart, Axis(0.0, float(columns)), columns)
    return sorted((label.row, label.start, label.text) for label in placed)


@given(
    st.lists(st.integers(1, 30), min_size=1, max_size=12),
    st.integers(20, 120),
    st.integers(1, 4),
    st.data(),
)
def test_the_legend_counts_the_curves_that_do_not_fit(lengths, width, max_lines, data):
    leader = data.draw(st.integers(0, len(lengths) - 1))
    series = tuple(
        Series(f"{i}" + "n" * length, [1, 2], [1.0, 2.0], "x", leads=i == leader)
        for i, length in enumerate(lengths)
    )
    lines = [
        [f.text for f in line if f.text.strip()]
        for line in legend_lines(Chart(series), Axis(1, 2), width, False, max_lines)
    ]
    assert len(lines) <= max_lines
    for line in lines:
        assert len("  ".join(line)) <= max(width, len(line[0]) + 5)
    shown = [text for line in lines for text in line]
    assert shown[0].split()[1] == series[leader].name
    named = [text for text in shown if " " in text]
    assert len({text.split()[1] for text in named}) == len(named)
    omitted = len(series) - len(named)
    last = lines[-1][0]
    room = len(lines[-1]) > 2 or len(f"{last}  +{omitted}") <= width
    assert shown[len(named) :] == ([f"+{omitted}"] if omitted and room else [])


def test_the_legend_uses_more_lines_before_curves_are_counted():
    chart = Chart(tuple(Series(f"run {i}", [1, 2], [1.0, 2.0], "x") for i in range(8)))
    x = Axis(1, 2)
    assert as_text(legend_lines(chart, x, 40, True, 1)).split()[-1] == "+5"
    without_values, with_values = (
        as_text(legend_lines(chart, x, 40, True, max_lines)).split("\n") for max_lines in (2, 3)
    )
    assert " ".join(without_values[1].split()) == "▬ run 4 ▬ run 5 ▬ run 6 ▬ run 7"
    assert " ".join(with_values[2].split()) == "▬ run 6 2 ▬ run 7 2"
    short, tall = (as_text(draw(chart, 60, height)) for height in (14, 30))
    assert "+" in short.split("\n")[0] and "run 7" not in short
    assert all(f"run {i} 2" in tall for i in range(8))
    assert len(tall.split("\n")) == 30


def test_a_label_is_right_of_its_rule():
    assert labels((10, "memorized")) == [(0, 11, "memorized 10")]


def test_a_label_that_does_not_fit_on_the_right_is_on_the_left():
    assert labels((35, "grokked")) == [(0, 25, "grokked 35")]


def test_a_label_omits_its_step_before_it_moves():
    assert labels((2, "memorized"), (14, "grokked")) == [(0, 3, "memorized"), (0, 15, "grokked 14")]


def test_overlapping_labels_use_a_second_row():
    assert labels((36, "memorized"), (38, "grokked")) == [
        (0, 24, "memorized 36"), (1, 28, "grokked 38")
    ]  # fmt: skip


@pytest.mark.parametrize("n", [5, 40, 400])
def test_labels_of_many_rules_never_overlap(n: int):
    placed = labels(*((40 * i / n, f"edit-{i}") for i in range(n)))
    for row in (0, 1):
        ends = 0
        for _, start, text in (label for label in placed if label[0] == row):
            assert start >= ends
            ends = start + len(text)
        assert ends <= 40


def test_names_take_precedence_over_values_unless_there_is_a_cursor():
    chart = Chart(series=(TRAIN, VAL))
    x = Axis(0, 100)
    assert as_text(legend_lines(chart, x, 18, True)).split() == ["▬", "train", "▬", "val"]
    assert as_text(legend_lines(chart, x, 30, True)).split()[2] == "0.9"
    at_cursor = as_text(legend_lines(replace(chart, cursor=33.0), x, 18, True))
    assert at_cursor.split() == ["▬", "train", "0.3", "+1"]
