import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from memlab.charts import Fragment, as_text
from memlab.charts.raster import Cells, dots

RED = (255, 0, 0)
BITS = np.array([[6, 7], [2, 5], [1, 4], [0, 3]])
"""The bit of each dot in a braille character: row 0 at the bottom, left and right."""


def packed(grid: np.ndarray) -> np.ndarray:
    """A grid of dots, (4 * row, 2 * column), as one byte per cell."""
    by_cell = grid.reshape(len(grid) // 4, 4, -1, 2).swapaxes(1, 2)
    return (by_cell.astype(int) << BITS).sum(axis=(2, 3)).astype(np.uint8)


def unpacked(cells: np.ndarray) -> np.ndarray:
    """The inverse of `packed`."""
    by_cell = (cells[:, :, None, None].astype(int) >> BITS & 1).astype(bool)
    return by_cell.swapaxes(1, 2).reshape(4 * len(cells), -1)


def drawn(low, high, rows: int, marker: str, **options) -> list[str]:
    """The rows of a canvas with these spans, from the top."""
    cells = Cells(rows, len(low) // 2)
    (curve,) = dots(np.array([[low], [high]]), rows, **options)
    cells.paint_curve(curve, marker, RED)
    return ["".join(fragment.text for fragment in row) or " " for row in cells.lines()]


def test_braille_characters_have_the_dots_that_unicode_defines():
    """U+2800 + bits: dots 1, 2, 3, 7 are on the left, 4, 5, 6, 8 on the right, from the top."""
    bits = {(0.9, 0): 0x01, (0.6, 0): 0x02, (0.3, 0): 0x04, (0.1, 0): 0x40,
            (0.9, 1): 0x08, (0.6, 1): 0x10, (0.3, 1): 0x20, (0.1, 1): 0x80}  # fmt: skip
    for (height, side), bit in bits.items():
        spans = np.full(2, np.nan)
        spans[side] = height
        assert drawn(spans, spans, 1, "braille") == [chr(0x2800 + bit)]


@pytest.mark.parametrize(
    ("left", "right", "glyph"),
    [((0.1, 0.1), None, "▖"), (None, (0.9, 0.9), "▝"), ((0.1, 0.9), None, "▌"),
     ((0.1, 0.1), (0.9, 0.9), "▞"), ((0.1, 0.9), (0.1, 0.9), "█"), (None, None, " ")],
)  # fmt: skip
def test_blocks_fill_the_quarters_of_a_cell(left, right, glyph):
    low, high = zip(left or (np.nan, np.nan), right or (np.nan, np.nan), strict=True)
    assert drawn(low, high, 1, "blocks") == [glyph]


def test_the_limits_of_the_axis_are_on_the_canvas_and_values_outside_are_not():
    assert drawn([0.0, 1.0], [0.0, 1.0], 1, "braille") == [chr(0x2800 + 0x40 + 0x08)]
    assert drawn([1.01, -0.01], [9.0, -0.01], 1, "braille") == [" "]


def test_a_span_is_clipped_to_the_axis():
    assert drawn([-1e300, np.nan], [1e300, np.nan], 2, "braille") == ["⡇", "⡇"]


def test_a_thin_slope_has_one_dot_per_column():
    steps = np.arange(9) / 8 + 0.01
    assert drawn(steps[:-1], steps[1:], 2, "braille", thin=True) == ["  ⡠⠊", "⡠⠊"]


def test_a_thin_line_keeps_its_peak():
    low, high = np.array([[0.1, 0.1, 0.1, 0.1]]), np.array([[0.1, 0.9, 0.9, 0.1]])
    assert unpacked(dots(np.stack((low, high)), 1, thin=True)[0]).any(axis=1).tolist() == [True] * 4


def test_later_elements_are_drawn_over_earlier_ones():
    cells = Cells(1, 3)
    cells.paint_row(0, "─", RED)
    cells.paint_column(1, "│", (0, 255, 0))
    cells.paint_column(None, "x", RED)
    assert [(f.text, f.colour) for f in cells.lines()[0]] == [
        ("─", RED), ("│", (0, 255, 0)), ("─", RED)
    ]  # fmt: skip


def dots_at(*places: tuple[int, int], rows: int = 1, columns: int = 1) -> np.ndarray:
    """Cells in which only these dots are set."""
    grid = np.zeros((4 * rows, 2 * columns), dtype=bool)
    for row, column in places:
        grid[row, column] = True
    return packed(grid)


def test_a_cell_has_the_dots_of_all_curves_in_it():
    cells = Cells(1, 1)
    cells.paint_curve(dots_at((0, 0)), "braille", RED)
    cells.paint_curve(dots_at((3, 1)), "braille", "val")
    assert cells.lines() == [[Fragment(chr(0x2800 + 0x40 + 0x08), "val")]]


def test_a_cell_has_the_blocks_of_all_curves_in_it():
    cells = Cells(1, 1)
    cells.paint_curve(dots_at((0, 0)), "blocks", RED)
    cells.paint_curve(dots_at((3, 1)), "blocks", "val")
    assert cells.lines() == [[Fragment("▞", "val")]]


def test_a_band_is_contiguous_and_behind_the_curves():
    cells = Cells(1, 3)
    cells.paint_band(np.full((1, 3), 255, dtype=np.uint8), "band")
    cells.paint_curve(dots_at((0, 2), columns=3), "braille", "train")
    assert cells.lines() == [[
        Fragment(" ", "band", "band"), Fragment("⡀", "train", "band"), Fragment(" ", "band", "band"),
    ]]  # fmt: skip


def test_the_border_of_a_band_is_drawn_in_quarters_of_a_cell():
    cells = Cells(1, 2)
    lower = np.zeros((4, 4), dtype=bool)
    lower[:2] = True
    cells.paint_band(packed(lower), "band")
    assert cells.lines() == [[Fragment("▄▄", "band")]]


@given(st.integers(0, 2**32 - 1))
def test_no_dot_of_any_curve_is_lost(seed: int):
    rng = np.random.default_rng(seed)
    curves = rng.random((4, 12, 10)) < 0.1
    cells = Cells(3, 5)
    for i, curve in enumerate(curves):
        cells.paint_curve(packed(curve), "braille", f"run {i}")
    rows = [as_text([line]).ljust(5).replace(" ", "\u2800") for line in reversed(cells.lines())]
    found = unpacked(np.array([[ord(glyph) - 0x2800 for glyph in row] for row in rows]))
    assert (found == curves.any(axis=0)).all()


@given(st.integers(0, 2**32 - 1))
def test_dots_fill_each_half_column_from_the_lower_end_to_the_higher(seed: int):
    rng = np.random.default_rng(seed)
    low, high = np.sort(rng.uniform(-0.3, 1.3, (2, 3, 10)), axis=0)
    low[rng.random(low.shape) < 0.2] = np.nan
    expected = np.zeros((3, 12, 10), dtype=bool)
    for curve, row, half in np.ndindex(*expected.shape):
        expected[curve, row, half] = (
            np.floor(12 * low[curve, half]) <= row <= np.floor(12 * high[curve, half])
        )
    found = np.stack([unpacked(cells) for cells in dots(np.stack((low, high)), 3)])
    assert (found == expected).all()
