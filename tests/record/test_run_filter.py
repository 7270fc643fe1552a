"""The filter language for runs."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memlab.record.run_filter import FilterError, parse

RUN = {
    "run": "20260101T000000-abc",
    "name": "my first run",
    "tags": ("paper", "wd"),
    "preset": "quickstart",
    "note": "",
    "status": "finished",
    "val_loss": 0.05,
    "val_accuracy": 1.0,
    "step": 1400,
    "memorized": 120,
    "grokked": None,
    "spikes": 0,
    "task.operation": "add",
    "optimizer.lr": 1e-3,
    "optimizer.kind": "adamw",
    "model.biases": True,
    "training.batch_size": "full",
    "task.kind": "modular",
}
KNOWN = frozenset(RUN)


@pytest.mark.parametrize(
    "query",
    [
        "", "  ", "first", "FIRST", "quick", "paper", "status:finished", "status:fin",
        "status:finished val_loss<0.1 task.operation:add", "status=finished", "val_loss<=0.05",
        "val_loss<5e-2 or step>1000", "lr=0.001", "lr=1e-3", "operation:a*", "operation:?dd",
        "tags:wd", "tags=wd,other", "!tags:other", "-tags=other", "not status:failed",
        "has:memorized", "!has:grokked", "status:failed | step>=1400", "(status:failed | first) run",
        'name:"first run"', "biases:true", "batch_size=full", "val_loss>-1", "step!=3",
        "status!=failed,died", "first and run", "spikes=0", "has:spikes", "!!first",
    ],
)  # fmt: skip
def test_the_query_matches_the_run(query: str) -> None:
    assert parse(query, KNOWN)(RUN)


@pytest.mark.parametrize(
    "query",
    [
        "second", "status:failed", "val_loss>0.1", "grokked<1000", "grokked>0", "!first",
        "status=fin", "lr>0.001", "has:grokked", "has:note", "tags:other", "first second",
        "status:failed or step<1400", "(first | run) -paper", "operation:a?", "val_loss!=0.05",
    ],
)  # fmt: skip
def test_the_query_does_not_match_the_run(query: str) -> None:
    assert not parse(query, KNOWN)(RUN)


@pytest.mark.parametrize(
    ("query", "what"),
    [
        ("val_loss<", "a value is missing"),
        ("val_loss<x", "needs a number"),
        ("(first", "unbalanced ("),
        ("first)", "unbalanced )"),
        ("vall_loss<1", "unknown field"),
        ("kind:adam", "unknown field"),
        ("<3", "a word is missing"),
        ("val_loss<1,2", "one value"),
        ("status:finishd", "unknown status 'finishd'"),
        ("status=failed,dyed", "unknown status 'dyed'"),
        ("has:", "a field is missing"),
        ('"open', "invalid syntax"),
        ("first or", "a word is missing"),
        ("!" * 60 + "x", "nested"),
    ],
)
def test_invalid_filters_are_errors(query: str, what: str) -> None:
    with pytest.raises(FilterError, match=what.replace("(", r"\(").replace(")", r"\)")):
        parse(query, KNOWN)


def test_an_unknown_status_gets_a_hint() -> None:
    with pytest.raises(FilterError) as caught:
        parse("status:finishd", KNOWN)
    assert caught.value.hint == "did you mean finished?"


def test_an_unknown_field_gets_a_hint() -> None:
    with pytest.raises(FilterError) as caught:
        parse("val_los<1", KNOWN)
    assert "val_loss" in str(caught.value)


@given(st.text(max_size=60))
def test_any_text_is_a_filter_or_a_filter_error(text: str) -> None:
    with contextlib.suppress(FilterError):
        parse(text, KNOWN)(RUN)


FIELDS = ("a", "b", "c")
SIGNS = {
    "<": lambda x, y: x < y, "<=": lambda x, y: x <= y, ">": lambda x, y: x > y,
    ">=": lambda x, y: x >= y, "=": lambda x, y: x == y,
}  # fmt: skip
NUMBERS = st.integers(-3, 3)
terms = st.tuples(st.sampled_from(FIELDS), st.sampled_from(sorted(SIGNS)), NUMBERS)
queries = st.recursive(
    terms.map(lambda t: ("term", t)),
    lambda inner: st.one_of(
        st.tuples(st.just("not"), inner),
        st.tuples(st.sampled_from(["all", "any"]), inner, inner),
    ),
    max_leaves=8,
)


def _text(query) -> str:
    match query:
        case ("term", (field, sign, number)):
            return f"{field}{sign}{number}"
        case ("not", inner):
            return f"!({_text(inner)})"
        case ("all", a, b):
            return f"({_text(a)} {_text(b)})"
        case (_, a, b):
            return f"({_text(a)} or {_text(b)})"
    raise AssertionError(query)


def _holds(query, run) -> bool:
    match query:
        case ("term", (field, sign, number)):
            return SIGNS[sign](run[field], number)
        case ("not", inner):
            return not _holds(inner, run)
        case ("all", a, b):
            return _holds(a, run) and _holds(b, run)
        case (_, a, b):
            return _holds(a, run) or _holds(b, run)
    raise AssertionError(query)


@given(queries, st.fixed_dictionaries(dict.fromkeys(FIELDS, NUMBERS)))
def test_a_query_equals_the_combination_of_its_parts(query, run) -> None:
    assert parse(_text(query), frozenset(FIELDS))(run) == _holds(query, run)


@given(terms, terms, terms, st.fixed_dictionaries(dict.fromkeys(FIELDS, NUMBERS)))
def test_and_binds_closer_than_or(a, b, c, run) -> None:
    a, b, c = (("term", t) for t in (a, b, c))
    text = f"{_text(a)} or {_text(b)} {_text(c)}"
    assert parse(text)(run) == (_holds(a, run) or (_holds(b, run) and _holds(c, run)))


def test_a_variant_matches_exactly_unless_a_pattern_is_given():
    adamw, none = {"variant": "adamw"}, {}
    assert parse("variant:adamw")(adamw) and not parse("variant:adam")(adamw)
    assert parse("variant:adam*")(adamw) and not parse("variant:adam*")(none)
