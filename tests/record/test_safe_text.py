"""Text for a terminal: the result has only characters that the terminal draws."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memlab.record.safe_text import safe_text

HARMFUL = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
"""categories: control, format (bidirectional and zero width too), surrogate, private, unassigned"""


@given(st.text(st.characters(), max_size=300), st.integers(1, 50), st.booleans())
def test_the_result_has_no_control_characters(text, limit, lines):
    shown = safe_text(text, limit, lines)
    assert len(shown) <= limit
    for character in shown:
        harmful = unicodedata.category(character) in HARMFUL
        assert not harmful or (lines and character == "\n")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("e\u0301", "é"),
        ("\x1b[31mred", "\\x1b[31mred"),
        ("\x9b2J", "\\x9b2J"),
        ("a\u202eb", "a\\u{202e}b"),
        ("\U000e0041", "\\u{e0041}"),
        ("\ud800", "\\u{d800}"),
        ("a\nb", "a\\x0ab"),
        ("[b]markup stays text[/b]", "[b]markup stays text[/b]"),
    ],
)
def test_control_characters_are_shown_as_escapes(text, shown):
    assert safe_text(text) == shown


def test_a_long_text_is_cut_with_an_ellipsis():
    assert safe_text("x" * 10_000_000, 10) == "x" * 9 + "…"
    assert safe_text("x" * 10, 10) == "x" * 10


@pytest.mark.parametrize("limit", range(1, 14))
def test_no_escape_is_cut_in_two(limit):
    shown = safe_text("ab\x1b\u202ecd", limit)
    assert shown in {"…", "a…", "ab…", "ab\\x1b…", "ab\\x1b\\u{202e}…", "ab\\x1b\\u{202e}cd"}
    assert len(shown) <= limit
