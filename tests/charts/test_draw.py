import re
import threading
from dataclasses import replace

import numpy as np
import plotext
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from memlab.charts import (
    Band,
    Chart,
    Level,
    Marks,
    Series,
    VerticalRule,
    as_text,
    draw,
    draw_at,
    layout,
)
from memlab.charts.draw import PLAIN_POINT, POINT
from memlab.charts.text import Lines, cells

STEPS = np.arange(1.0, 101.0)
FALL = 5 * np.exp(-STEPS / 20)
CHART = Chart(
    series=(
        Series("train", STEPS, FALL, "train"),
        Series("val", STEPS[::10], 3 * FALL[::10], "val"),
    ),
    bands=(Band(STEPS, FALL / 2, FALL * 2, "band"),),
    marks=(Marks("spike", STEPS[[60]], 4 * FALL[[60]], "spike"),),
    rules=(VerticalRule(40, "memorized", "memorized"), VerticalRule(80, "grokked", "grokked")),
    levels=(Level(4.575, "chance", "chance"),),
    y_log=True,
)


def plain(chart: Chart, width: int, height: int) -> str:
    """The chart as text without colours."""
    return as_text(draw(chart, width, height, colour=False))


def below_legend(chart: Chart, width: int, height: int, *, colour: bool = False) -> str:
    """The chart without the line of its legend, as text."""
    return as_text(draw(chart, width, height + 1, colour=colour)[1:])


def assert_fits(lines: Lines, width: int, height: int) -> None:
    assert len(lines) == max(height, 1)
    assert all(cells(as_text([line])) <= width for line in lines)


def one(y, **options) -> Chart:
    """A chart of one series."""
    y = np.asarray(y, dtype=float)
    return Chart(series=(Series("loss", np.arange(len(y)), y, "train"),), **options)


def test_a_small_chart_without_colour_equals_the_stored_picture():
    assert plain(CHART, 48, 14).split("\n") == GOLDEN.strip("\n").split("\n")


def test_a_linear_chart_below_its_legend_equals_the_stored_picture():
    y = np.concatenate([np.zeros(50), np.ones(50)])
    text = below_legend(one(y, y_range=(0, 1)), 30, 8)
    assert text.split("\n") == STEP.strip("\n").split("\n")


@pytest.mark.parametrize("hide_outliers", [False, True])
@pytest.mark.parametrize("earlier", [CHART, replace(CHART, y_log=False), Chart(), one([1e6, 2e6])])
def test_an_earlier_layout_does_not_change_a_chart(earlier, hide_outliers):
    chart = replace(CHART, hide_outliers=hide_outliers)
    where = layout(chart, 60, 16, like=layout(earlier, 60, 16))
    assert draw_at(chart, where, 60, 16) == draw(chart, 60, 16)


def test_fragments_have_the_roles_of_their_elements_as_colours():
    colours = {colour for line in draw(CHART, 60, 16) for _, colour, _ in line}
    assert {"train", "val", "band", "spike", "chance", "memorized", "tick", "guide"} <= colours
    backgrounds = {background for line in draw(CHART, 60, 16) for _, _, background in line}
    assert backgrounds == {None, "band"}


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 130), st.integers(0, 45), st.booleans(), st.booleans())
def test_a_chart_has_the_requested_size(width, height, x_log, y_log):
    chart = replace(CHART, x_log=x_log, y_log=y_log, cursor=33.0)
    assert_fits(draw(chart, width, height), width, height)


any_number = st.one_of(
    st.floats(allow_nan=True, allow_infinity=True),
    st.sampled_from([0.0, -1.0, 1e300, -1e300, 5e-324, 1.0]),
)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(any_number, max_size=20), st.booleans(), st.booleans(), st.booleans(),
    st.none() | st.tuples(st.floats(-50, 50), st.floats(-50, 50)),
)  # fmt: skip
def test_any_numbers_can_be_drawn(y, x_log, y_log, hide_outliers, window):
    x = np.arange(len(y))
    chart = Chart(
        series=(Series("a", x, y, "train"),),
        bands=(Band(x, y, y[::-1], "band"),),
        marks=(Marks("spike", x, y, "spike"),),
        x_log=x_log, y_log=y_log, hide_outliers=hide_outliers, x_range=window, cursor=2.0,
    )  # fmt: skip
    assert_fits(draw(chart, 60, 16), 60, 16)


@pytest.mark.parametrize("chart", [
    Chart(), one([]), one([np.nan, np.inf]), one([0.0, -1.0], y_log=True), one([1, 2], x_range=(7, 9)),
])  # fmt: skip
def test_a_chart_without_data_has_a_message(chart: Chart):
    lines = draw(chart, 40, 10)
    assert "no data yet" in as_text(lines)
    assert_fits(lines, 40, 10)


@pytest.mark.parametrize(("width", "height"), [(23, 20), (80, 5), (10, 3), (1, 1), (0, 0)])
def test_a_size_that_is_too_small_gives_a_message_cut_to_the_width(width: int, height: int):
    lines = draw(CHART, width, height)
    text = as_text(lines)
    assert_fits(lines, width, height)
    assert "needs 24 x 6 cells".startswith(text.strip().removesuffix("…"))


def test_one_point_and_a_constant_are_drawn_in_the_middle():
    for y in ([3.0], [3.0] * 50):
        rows = below_legend(one(y), 40, 11).split("\n")[:-2]
        drawn = [i for i, row in enumerate(rows) if re.search(f"[⠀-⣿{PLAIN_POINT}]", row)]
        assert drawn == [4]


def test_a_point_far_outside_the_range_does_not_change_the_rest_of_the_curve():
    near, far = np.full(100, 0.5), np.full(100, 0.5)
    far[50] = 1e300
    y_range = (0.0, 1.0)
    before, after = (
        [row.ljust(60) for row in plain(one(y, y_range=y_range), 60, 12).split("\n")[1:]]
        for y in (near, far)
    )
    assert before != after
    assert [a[:28] for a in after] == [b[:28] for b in before]
    assert [a[36:] for a in after] == [b[36:] for b in before]


@pytest.mark.parametrize("y_log", [False, True])
def test_the_largest_and_smallest_numbers_can_be_drawn(y_log):
    y = [5e-324, 1.0, np.finfo(float).max]
    assert_fits(draw(one(y, y_log=y_log), 60, 12), 60, 12)
    assert_fits(draw(one(y[-1:], y_log=y_log), 60, 12), 60, 12)


@pytest.mark.parametrize("seed", range(20))
def test_steps_of_a_forged_record_that_descend_are_no_error(seed):
    x = np.random.default_rng(seed).integers(0, 100, 60).astype(float)
    chart = Chart(series=(Series("val", x, 1 + x % 7, "val"),), x_range=(0.0, 90.0))
    assert_fits(draw(chart, 60, 12), 60, 12)


def test_a_curve_entirely_above_the_range_is_not_drawn():
    text = below_legend(one([5.0, 6.0, 5.0], y_range=(0, 1)), 60, 12)
    assert not re.search("[⠁-⣿]", text)


def test_a_spike_of_one_step_in_a_million_is_drawn():
    y = np.ones(1_000_000)
    y[654_321] = 50.0
    band = Chart(bands=(Band(np.arange(1_000_000), y, y, "band"),), y_log=True)
    rows = below_legend(band, 100, 20).split("\n")
    assert {row.index("·", 4) for row in rows[1:14] if "·" in row} == {4 + int(0.654321 * 96)}


def test_values_that_cannot_be_drawn_are_counted():
    text = plain(one([1.0, 0.0, -2.0, np.nan, 2.0], y_log=True), 80, 12)
    assert "2 points <= 0 not shown" in text
    assert "1 point not finite" in text
    assert "7 points not finite" in plain(one([1.0, np.nan, 2.0], not_finite=7), 80, 12)


def test_control_characters_of_names_are_not_printed():
    name = "\x1b]0;title\x07\x1b[31m名前" * 3
    chart = replace(
        CHART, series=(Series(name, STEPS, FALL, (1, 2, 3)),), rules=(VerticalRule(9, name, "x"),)
    )
    text = plain(chart, 60, 14)
    assert not set("\x1b\x07") & set(text)
    assert_fits(draw(chart, 60, 14), 60, 14)


def test_the_global_state_of_plotext_has_no_effect():
    expected = draw(CHART, 60, 16)
    plotext.xscale("log")
    plotext.plot([1, 2, 3], [3, 2, 1])
    plotext.title("another chart")
    assert draw(CHART, 60, 16) == expected


@pytest.mark.parametrize("size", [(24, 6), (48, 14), (60, 16), (121, 40)])
@pytest.mark.parametrize("x_log", [False, True])
def test_the_axes_equal_those_of_plotext(size, x_log):
    chart = replace(CHART, x_log=x_log, x_range=(1, 12_345))
    width, height = size
    where = layout(chart, width, height + 1)
    plotext.clear_figure()
    plotext.limit_size(False, False)
    plotext.plotsize(size[0], where.rows + 2)
    plotext.xaxes(True, False)
    plotext.yaxes(True, False)
    plotext.xlim(0, where.columns - 1)
    plotext.ylim(0, where.rows - 1)
    plotext.xticks([where.column(v) for v, _ in where.x_ticks], [t for _, t in where.x_ticks])
    plotext.yticks([where.row(v) for v, _ in where.y_ticks], [t for _, t in where.y_ticks])
    plotext.scatter([0], [0], marker=" ")
    expected = plotext.uncolorize(plotext.build()).rstrip("\n").split("\n")
    drawn = below_legend(chart, *size).split("\n")[where.label_rows :]
    side = slice(where.left)
    assert [row[side].rstrip() for row in drawn] == [row[side].rstrip() for row in expected]
    assert drawn[-2:] == [row.rstrip() for row in expected[-2:]]


def test_several_threads_draw_the_same_chart():
    expected = draw(CHART, 60, 16)
    drawn: list[Lines] = []
    threads = [
        threading.Thread(target=lambda: drawn.extend(draw(CHART, 60, 16) for _ in range(3)))
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert drawn == [expected] * 12


def test_the_layout_maps_steps_to_columns_and_back():
    where = layout(CHART, 60, 16)
    lines = plain(CHART, 60, 16).split("\n")
    assert lines[where.top - 1][where.left + where.column(40)] == "│"
    assert lines[where.top + where.rows].startswith(" " * (where.left - 1) + "└")
    assert where.column(where.step(17)) == 17
    assert where.column(101) is None


def test_outliers_can_be_excluded_from_the_range():
    y = np.ones(10_000)
    y[5000:] = 2.0
    y[77] = 1e6
    assert layout(one(y), 80, 20).y.high > 1e6
    assert layout(one(y, hide_outliers=True), 80, 20).y.high < 3


GOLDEN = """
    ▬ train 0.0337  ● val 0.159  ▼ 1 spike
         memorized 40│       grokked 80│
 10┤●●●●             │                 │
   │⡀···●●●●●●●╌╌╌╌╌╌│╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌│╌╌╌╌╌╌╌╌
   │⠈⠉⠑⠒⠤⢄⣀⡀··●●●●●●●│                 │
   │·······⠈⠉⠒⠢⠤⣀⣀···●●●●●●●  ▼        │
  1┤       ·······⠉⠑⠒⠤⠤⣀⡀··●●●●●●●     │
   │              ······⠈⠉⠒⠢⠤⢄⣀···●●●●●●●
   │                 │  ·······⠉⠑⠒⠢⠤⣀⡀···●●●
0.1┤                 │         ······⠈⠉⠑⠒⠤⢄⣀····
   │                 │               ·······⠉⠉⠒⠢
   │                 │                 │    ····
   └─────────────────────┬─────────────────────┬
                        50                  100
"""
STEP = """
  1┤             ⡎⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉⠉
   │             ⡇
0.5┤             ⡇
   │            ⢰⠁
   │            ⢸
  0┤⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣀⣸
   └┬────────────┬────────────
    0           50
"""


@pytest.mark.parametrize("n", [1, 2, 8])
@pytest.mark.parametrize("colour", [True, False])
def test_few_points_are_visible_as_points(n, colour):
    x = np.linspace(5.0, 95.0, n)
    chart = Chart(series=(Series("val", x, 1 + x, "val"),), x_range=(0.0, 100.0))
    canvas = below_legend(chart, 60, 20, colour=colour)
    assert sum(canvas.count(point) for point in (POINT, PLAIN_POINT)) == n


def test_many_points_are_a_line_and_zooming_in_shows_them():
    chart = Chart(series=(Series("train", STEPS, FALL, "train"),))
    assert PLAIN_POINT not in plain(chart, 80, 20)
    assert plain(replace(chart, x_range=(10.0, 15.0)), 80, 20).count(PLAIN_POINT) == 6


def test_points_outside_the_domain_of_an_axis_are_not_drawn():
    y = np.array([1.0, np.nan, -1.0, 4.0])
    chart = Chart(series=(Series("val", np.arange(4.0), y, "val"),), y_log=True)
    assert below_legend(chart, 60, 20, colour=True).count(POINT) == 2


def test_without_colours_unnamed_curves_are_dotted_next_to_named_ones():
    x = np.arange(20.0)
    others = tuple(Series("", x, np.full(20, 1.0 + i), "tick") for i in range(9))
    drawn = below_legend(Chart(series=(*others, Series("named", x, 0 * x, "val"))), 60, 20)
    curves = [row[4:].strip() for row in drawn.split("\n")[:-2]]
    *dotted, named = [set(row) for row in curves if row]
    assert dotted == [{"·"}] * len(others)
    assert named.isdisjoint("·")
