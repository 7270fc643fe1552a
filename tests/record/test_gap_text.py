"""A gap as text."""

import pytest

from memlab.record.events import Gap
from memlab.record.gap_text import gap_text


@pytest.mark.parametrize(
    ("gap", "text"),
    [
        (Gap(step=8, first=8, last=8, nan=1, infinite=0, closed=True), "a gap at step 8: 1 NaN"),
        (
            Gap(step=1200, first=1000, last=1200, nan=2, infinite=199, closed=False),
            "a gap in steps 1,000 to 1,200: 2 NaN and 199 infinite; still open",
        ),
    ],
)
def test_the_text_of_a_gap_has_location_count_and_kind(gap, text):
    assert gap_text(gap) == text
