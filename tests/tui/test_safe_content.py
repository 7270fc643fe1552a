"""Text from files has no effect on styles, layout and actions of the interface."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memlab.tui.safe_content import safe

HOSTILE = [
    "a[/b]",
    "[@click=app.quit]x[/]",
    "[bold red on white]loud",
    "\x1b]0;title\x07",
    "\x1b[2J\x1b[31m",
    "\x9b31m",
    "\x90q\x9c",
    "right\u202eto\u2066left",
    "zero\u200bwidth",
    "line\nbreak\r\ttab",
    "\u2028\u2029",
    "\ue000private",
]


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_has_no_style_no_meta_and_only_printable_characters(text: str) -> None:
    content = safe(text)
    assert content.spans == []
    assert all(character.isprintable() for character in content.plain)


def test_markup_is_shown_as_text() -> None:
    assert safe("a[/b] [@click=app.quit]x").plain == "a[/b] [@click=app.quit]x"


@given(st.text(max_size=200))
def test_any_text_takes_one_line_of_at_most_the_limit(text: str) -> None:
    made = safe(text, 40).plain
    assert len(made) <= 40
    assert made.isprintable()


@given(st.text(max_size=80))
def test_a_given_style_covers_the_whole_text(text: str) -> None:
    content = safe(text, style="bold")
    assert all((span.start, span.end) == (0, len(content)) for span in content.spans)
