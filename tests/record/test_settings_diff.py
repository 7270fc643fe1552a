"""Settings in which runs differ, compared with a simple loop."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memlab.record.settings_diff import settings_diff, shown_setting

SETTINGS = st.dictionaries(st.sampled_from("abcd"), st.integers(0, 2))


@given(st.lists(st.tuples(st.sampled_from("pq"), SETTINGS), max_size=5))
def test_differing_settings_equal_those_of_a_simple_loop(runs) -> None:
    def differ(group) -> set[str]:
        return {key for key in "abcd" if len({settings.get(key) for settings in group}) > 1}

    everywhere = differ([settings for _, settings in runs])
    within = differ([s for p, s in runs if p == "p"]) | differ([s for p, s in runs if p == "q"])
    found = settings_diff(runs)
    assert len(found) == len(set(found)) and set(found) == everywhere
    assert set(found[: len(within)]) == within


@pytest.mark.parametrize(
    ("value", "shown"), [(None, "\u2013"), (True, "true"), (0.1, "0.1"), ("full", "full")]
)
def test_a_setting_is_shown_as_in_a_preset(value, shown):
    assert shown_setting(value) == shown
