"""Shortened names keep the parts that distinguish runs, and no control characters."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memlab.charts.text import cells
from memlab.record.safe_text import safe_parts
from memlab.tui.names import start_and_end, what_differs

MEMBERS = [
    f"fraction-by-decay train_fraction={f} weight_decay={d} seed {s}"
    for f in (0.3, 0.4)
    for d in (0.0, 1.0)
    for s in (0, 1)
]


@given(st.text(st.characters(), max_size=80), st.integers(1, 40))
def test_a_name_fits_and_acts_on_nothing(name: str, width: int) -> None:
    shown = start_and_end(name, width)
    assert shown.isprintable()
    assert cells(shown) <= width


@given(st.text(st.sampled_from("ab\x1b\u202e\u200b字\n"), max_size=60), st.integers(1, 30))
def test_no_escape_is_cut_in_two(name: str, width: int) -> None:
    shown, parts = start_and_end(name, width), safe_parts(name)
    whole = "".join(parts)
    if shown == whole:
        return
    start, _, end = shown.partition("…")
    starts = {"".join(parts[:n]) for n in range(len(parts))}
    ends = {"".join(parts[n:]) for n in range(len(parts) + 1)}
    assert start in starts and end in ends


@pytest.mark.parametrize("width", [16, 17, 22, 29, 34, 48])
def test_all_members_of_a_sweep_look_different(width: int) -> None:
    shown = [start_and_end(name, width) for name in MEMBERS]
    assert len(set(shown)) == len(MEMBERS)
    assert all(f"{f}" in shown[4 * i] for i, f in enumerate((0.3, 0.4)))


def test_in_little_room_the_values_of_settings_are_kept_and_the_numbers_of_a_comparison() -> None:
    name = "2 decay weight_decay=1 lr=0.01 seed 3"
    assert start_and_end(name, 22) == "2 …=1 lr=0.01 seed 3"
    assert start_and_end(name, 19) == "2 …1 …0.01 seed 3"
    assert start_and_end(name, 16) == "2 dec….01 seed 3"


def test_the_middle_of_a_name_without_settings_is_left_out() -> None:
    assert start_and_end("a name that is quite long", 17) == "a name…quite long"
    assert start_and_end("short", 17) == "short"


def test_common_words_are_left_out_and_numbers_keep_their_name() -> None:
    assert what_differs(["1 sweep lr=1 seed 0", "2 sweep lr=1 seed 1"]) == [
        "1 … seed 0",
        "2 … seed 1",
    ]
    assert what_differs(["1 sweep lr=1 seed 0", "2 sweep lr=2 seed 0"]) == [
        "1 … lr=1 …",
        "2 … lr=2 …",
    ]


def test_one_name_and_equal_names_stay_whole() -> None:
    assert what_differs(["sweep seed 1"]) == ["sweep seed 1"]
    assert what_differs(["same", "same"]) == ["same", "same"]
    assert what_differs(["1 run", "2 run from 9"]) == ["1 run", "2 … from 9"]
    assert what_differs([]) == []


def test_names_that_fit_stay_whole() -> None:
    names = ["1 sweep seed 0", "2 sweep seed 1"]
    assert what_differs(names, 14) == names
    assert what_differs(names, 13) == ["1 … seed 0", "2 … seed 1"]


@given(st.lists(st.text(st.sampled_from("ab "), max_size=12), max_size=5, unique=True))
def test_every_word_that_differs_is_kept(names: list[str]) -> None:
    words = [set(name.split()) for name in names]
    common = set.intersection(*words) if words else set()
    for name, shown in zip(words, what_differs(names), strict=True):
        assert name - common <= set(shown.split())
