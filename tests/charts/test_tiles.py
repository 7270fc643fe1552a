"""Maps of steps, compared with plain loops over the items."""

from collections import defaultdict

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from memlab.charts import Fragment, Tiles, as_text, draw_tiles
from memlab.charts.theme import TILES
from memlab.charts.tiles import LEVELS, level_edges, tile_steps

STEPS = st.lists(st.sampled_from([0.0, 20.0, 40.0, 60.0, 900.0, np.inf]), min_size=1, max_size=400)


def median_step(steps):
    """The first step by which at least half of the items occurred."""
    return next(s for s in sorted(steps) if 2 * sum(t <= s for t in steps) >= len(steps))


@given(first=STEPS, side=st.integers(1, 40), rows=st.integers(1, 30), columns=st.integers(1, 90))
def test_a_tile_has_the_step_by_which_half_of_its_items_occurred(first, side, rows, columns):
    rng = np.random.default_rng(len(first))
    row, column = rng.integers(0, side, (2, len(first)))
    found = tile_steps(Tiles(np.array(first), row, column, (side, side)), rows, columns)
    high, wide = min(rows, side), min(columns, side)
    assert found.shape == (high * (rows // high), wide * (columns // wide))
    items = defaultdict(list)
    for step, r, c in zip(first, row.tolist(), column.tolist(), strict=True):
        items[r * high // side, c * wide // side].append(step)
    for r, c in np.ndindex(*found.shape):
        own_steps = items[r // (rows // high), c // (columns // wide)]
        assert np.isnan(found[r, c]) if not own_steps else found[r, c] == median_step(own_steps)


@given(first=STEPS, rows=st.integers(1, 30), columns=st.integers(1, 90))
def test_items_without_positions_are_arranged_row_by_row(first, rows, columns):
    found = tile_steps(Tiles(np.array(first)), rows, columns)
    assert found.shape[0] <= rows and found.shape[1] <= columns
    assert set(found[~np.isnan(found)].tolist()) <= set(first)
    if len(first) <= rows * columns:
        distinct = tile_steps(Tiles(np.arange(len(first), dtype=float)), rows, columns)
        order = dict.fromkeys(distinct[~np.isnan(distinct)].tolist())
        assert list(order) == list(range(len(first)))


@given(first=STEPS)
def test_levels_divide_the_steps_into_groups_of_similar_size(first):
    known = [step for step in first if step < np.inf]
    edges = level_edges(np.array(first))
    assert edges.tolist() == sorted(set(edges.tolist()) & set(known))
    assert len(edges) == min(LEVELS, len(set(known))) or len(set(known)) > LEVELS
    if known:
        assert edges[-1] == max(known)


def test_without_colours_shades_show_the_step_and_dots_show_not_yet():
    first = np.array([20.0, 40, 60, 80, np.inf])
    text = as_text(
        draw_tiles(Tiles(first, np.zeros(5, int), np.arange(5), (1, 6)), 60, 2, colour=False)
    )
    assert text.split("\n") == ["█ ≤20  ▓ ≤40  ▒ ≤60  ░ ≤80  · 1 not yet", "█" * 10
        + "▓" * 10 + "▒" * 10 + "░" * 10 + "·" * 10]  # fmt: skip


def test_the_legend_explains_positions_without_items():
    first, place = np.array([20.0, 40]), np.array([0, 1])
    tiles = Tiles(first, place, place, (2, 2), blank="not asked")
    assert as_text(draw_tiles(tiles, 60, 4, colour=False)).startswith("█ ≤20  ▓ ≤40  □ not asked")
    filled = Tiles(first, np.zeros(2, int), place, (1, 2), blank="not asked")
    assert "not asked" not in as_text(draw_tiles(filled, 60, 4, colour=False))


def test_in_colours_two_tiles_share_a_cell():
    first, place = np.array([20.0, 40, np.inf]), np.array([0, 1, 1])
    lines = draw_tiles(Tiles(first, place, np.array([0, 0, 1]), (2, 2)), 2, 2)
    assert lines[1] == [Fragment("▀", TILES[0], TILES[1]), Fragment("▄", TILES[LEVELS])]


@pytest.mark.parametrize("colour", [True, False])
@pytest.mark.parametrize("size", [(24, 6), (80, 11), (3, 2)])
def test_a_map_never_exceeds_its_size(size, colour):
    rng = np.random.default_rng(0)
    first = rng.choice([1.0, 2, 3, 4, 5, np.inf], 20_000)
    for tiles in (Tiles(first), Tiles(first, *rng.integers(0, 200, (2, 20_000)), (200, 200))):
        lines = as_text(draw_tiles(tiles, *size, colour=colour)).split("\n")
        assert len(lines) == size[1]
        assert all(sum(c in "█▀▄▓▒░· " for c in line) <= size[0] for line in lines[1:])


def test_a_map_without_items_has_a_message():
    assert "no checkpoint" in as_text(
        draw_tiles(Tiles(np.empty(0), instead="no checkpoint"), 40, 7)
    )
