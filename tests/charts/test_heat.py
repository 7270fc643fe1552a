"""Heat maps in the terminal."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from memlab.charts import HeatGrid, HeatMap, as_text, draw_heat
from memlab.charts.text import cells


def grid_of(*values, **options):
    maps = tuple(HeatMap(np.array(v, float), f"map {i}", ("a", "b")) for i, v in enumerate(values))
    return HeatGrid(maps, 0.0, 1.0, **options)


@given(
    width=st.integers(1, 120), height=st.integers(1, 40), colour=st.booleans(),
    n=st.integers(0, 9), shape=st.tuples(st.integers(1, 90), st.integers(1, 90)),
)  # fmt: skip
def test_a_heat_map_fills_the_height_and_never_exceeds_the_width(width, height, colour, n, shape):
    values = np.random.default_rng(0).random(shape)
    values[0, 0] = np.nan
    maps = tuple(HeatMap(values, f"map {i}", ("one", "two")) for i in range(n))
    lines = draw_heat(HeatGrid(maps, 0.0, 1.0), width, height, colour=colour)
    assert len(lines) == height
    assert all(sum(cells(fragment.text) for fragment in line) <= width for line in lines)


def test_higher_values_are_lighter_and_nan_is_blank():
    grid = HeatGrid((HeatMap(np.array([[0.0, 0.5, 1.0, np.nan]])),), 0.0, 1.0)
    lines = draw_heat(grid, 40, 6)
    # ten tiles per value, two rows of tiles per line
    row = next(line for line in lines[1:] if line)
    light = [sum(fragment.colour) for fragment in row if not fragment.text.isspace()]
    assert light == sorted(light) and len(set(light)) == 3
    assert draw_heat(grid, 40, 6, colour=False)[1][0].text.rstrip("· ")[-1] == "█"


def test_a_matrix_larger_than_the_screen_is_averaged():
    values = np.kron(np.array([[0.0, 1.0], [1.0, 0.0]]), np.ones((50, 50)))
    (top, *_, bottom) = [
        line for line in draw_heat(grid_of(values), 20, 10, colour=False)[2:] if line
    ]
    text = "".join(fragment.text for fragment in top)
    assert text.rstrip().endswith("█" * 5) and "".join(f.text for f in bottom).count("█") >= 5


def test_matrices_that_do_not_fit_are_counted():
    text = as_text(draw_heat(grid_of(*[[[0.0, 1.0], [1.0, 0.0]]] * 9), 30, 8))
    assert "more" in text
    assert "map 0" in text and "map 8" not in text


@pytest.mark.parametrize("colour", [True, False])
def test_labels_are_at_the_rows_of_their_values(colour):
    values = [[0.0, 1.0], [1.0, 0.0]]
    lines = as_text(draw_heat(grid_of(values), 30, 20, colour=colour)).splitlines()
    a, b = (next(i for i, line in enumerate(lines) if line.startswith(s)) for s in "ab")
    tiles = {line.strip("ab ") for line in lines[a:b]}
    assert len(tiles) == 1 and b > a + 1


def test_without_matrices_there_is_a_message():
    assert "not defined" in as_text(draw_heat(HeatGrid((), 0, 1, instead="not defined"), 30, 5))


def test_matrices_are_arranged_so_that_every_row_is_shown():
    labels = ("<bos>", "48", "+", "1", "=")
    maps = tuple(HeatMap(np.eye(5), f"head {i}", labels) for i in range(4))
    lines = as_text(draw_heat(HeatGrid(maps, 0.0, 1.0), 57, 16, colour=False)).splitlines()
    starts = [line.split()[0] for line in lines[1:] if line.strip()]
    assert starts == ["head", *labels] * 2  # two by two
