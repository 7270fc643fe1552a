import numpy as np
import pytest

from memlab.charts.raster import Cells, dots

RED = (255, 0, 0)


def drawn(low, high, rows: int, marker: str, **options) -> list[str]:
    """The rows of a canvas, from the top, that shows these spans."""
    cells = Cells(rows, len(low) // 2)
    cells.paint_dots(dots(np.array(low), np.array(high), rows, **options), marker, RED)
    return ["".join(fragment.text for fragment in row) for row in cells.lines()]


def test_braille_dots_lie_where_unicode_puts_them():
    """U+2800 + bits: dots 1, 2, 3, 7 go down the left, 4, 5, 6, 8 down the right."""
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


def test_the_ends_of_the_axis_are_on_the_canvas_and_beyond_is_not():
    assert drawn([0.0, 1.0], [0.0, 1.0], 1, "braille") == [chr(0x2800 + 0x40 + 0x08)]
    assert drawn([1.01, -0.01], [9.0, -0.01], 1, "braille") == [" "]


def test_a_span_across_the_axis_is_cut_at_its_ends():
    assert drawn([-1e300, np.nan], [1e300, np.nan], 2, "braille") == ["⡇", "⡇"]


def test_a_thin_slope_is_a_chain_of_diagonal_neighbours():
    steps = np.arange(9) / 8 + 0.01
    assert drawn(steps[:-1], steps[1:], 2, "braille", thin=True) == ["  ⡠⠊", "⡠⠊  "]


def test_a_thin_line_keeps_its_peak():
    low, high = np.array([0.1, 0.1, 0.1, 0.1]), np.array([0.1, 0.9, 0.9, 0.1])
    assert dots(low, high, 1, thin=True).any(axis=1).tolist() == [True] * 4


def test_what_is_painted_later_covers_what_was_there():
    cells = Cells(1, 3)
    cells.paint_row(0, "─", RED)
    cells.paint_column(1, "│", (0, 255, 0))
    cells.paint_column(None, "x", RED)
    assert [(f.text, f.colour) for f in cells.lines()[0]] == [
        ("─", RED), ("│", (0, 255, 0)), ("─", RED)
    ]  # fmt: skip
