"""Strict YAML: values, positions, and refused documents."""

import math

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from memlab.errors import PresetError
from memlab.preset.strict_yaml import MAX_BYTES, parse


def value(text: str):
    return parse(text.encode(), "x.yaml").value


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1e-3", 0.001),
        ("1E3", 1000.0),
        ("-.5", -0.5),
        ("5.", 5.0),
        ("+7", 7),
        ("0", 0),
        ("-0", 0),
        ("9223372036854775807", 2**63 - 1),
        ("null", None),
        ("~", None),
        ("", None),
        ("true", True),
        ("FALSE", False),
        ("no", "no"),
        ("Yes", "Yes"),
        ("on", "on"),
        ("y", "y"),
        ("1_000", "1_000"),
        ("'12:30'", "12:30"),
        ('"0777"', "0777"),
        ('"\\u0041"', "A"),
        ("1e", "1e"),
        ("nan", "nan"),
        ("0x", "0x"),
        ("I love it", "I love it"),
        ("[1, [a, {b: 2}]]", [1, ["a", {"b": 2}]]),
        ("a: {b: [1.5, x]}", {"a": {"b": [1.5, "x"]}}),
        ("---\na: 1\n", {"a": 1}),
        ("\ufeffa: 1", {"a": 1}),
        ("# nothing", None),
    ],
)
def test_a_scalar_has_its_yaml_1_2_value(text, expected):
    found = value(text)
    assert found == expected and type(found) is type(expected)


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_every_finite_float_is_read_exactly_from_its_shortest_form(number):
    found = value(repr(number))
    assert isinstance(found, float) and math.copysign(1, found) == math.copysign(1, number)
    assert found == number


@pytest.mark.parametrize(
    ("text", "place", "part"),
    [
        ("a: 0777", "1:4", "decimal"),
        ("a: 0o17", "1:4", "decimal"),
        ("a: 0x1F", "1:4", "decimal"),
        ("a: 12:30", "1:4", "base 60"),
        ("a: 2026-11-21", "1:4", "date"),
        ("a: .inf", "1:4", "finite"),
        ("a: -.INF", "1:4", "finite"),
        ("a: .NaN", "1:4", "finite"),
        ("a: 1e999", "1:4", "too large"),
        ("a: " + "9" * 5000, "1:4", "too large"),
        ("a: 9223372036854775808", "1:4", "too large"),
        ("a: 1\na: 2", "2:1", "given twice"),
        ("a: {b: 1, 'b': 2}", "1:11", "given twice"),
        ("a: &x 1", "1:4", "anchors"),
        ("a: *x", "1:4", "aliases"),
        ("a: !!python/object:os.system x", "1:4", "tags"),
        ("a: !!int 1", "1:4", "tags"),
        ("a: ! x", "1:4", "tags"),
        ("a: 1\n---\nb: 1", "2:1", "more than one"),
        ("? [a]\n: 1", "1:3", "key must be a word"),
        ("a:\n\tb: 1", "2:1", "spaces, not tabs"),
        ("a: b: c", "1:5", "mapping values"),
        ("a: [1", "1:6", "not valid YAML"),
        ("a: '", "1:5", "not valid YAML"),
        ('a: "\\ud800"', "1:4", "surrogate"),
    ],
)
def test_an_ambiguous_document_is_refused_with_its_position(text, place, part):
    with pytest.raises(PresetError) as caught:
        value(text)
    assert caught.value.where == f"x.yaml:{place}"
    assert part in str(caught.value)


@pytest.mark.parametrize(
    ("data", "part"),
    [
        (b"[" * MAX_BYTES, "nested too deeply"),
        (b"{" * MAX_BYTES, "nested too deeply"),
        (b"- " * (MAX_BYTES // 2), "nested too deeply"),
        (b"? " * (MAX_BYTES // 2), "nested too deeply"),
        (b"{a: " * (MAX_BYTES // 4), "nested too deeply"),
        (b"[" + b"1," * 5000 + b"]", "too many values"),
        (b"\n" * MAX_BYTES, "too many lines"),
        (b"a" * (MAX_BYTES + 1), "too large"),
        (b"a: \xff", "UTF-8"),
        ("a: 1".encode("utf-16"), "UTF-8"),
        (b"a: 1\nb: \0", "U+0000"),
        (b'"\\UFFFFFFFF"', "not valid YAML"),
        (b"%YAML 1." + b"9" * 5000 + b"\n---\na: 1", "not valid YAML"),
        (b"a: &a [x]\n" + b"b: [*a, *a]", "anchors"),
    ],
)
def test_hostile_bytes_are_refused(data, part):
    with pytest.raises(PresetError) as caught:
        parse(data, "x.yaml")
    assert part in str(caught.value) and caught.value.where.startswith("x.yaml")


@settings(max_examples=300)
@given(
    st.binary(max_size=200)
    | st.text(max_size=200).map(str.encode)
    | st.text("{}[]:,-?*&!|>'\"%@`#\\\n\t ab01.e~\0", max_size=200).map(str.encode)
)
def test_any_bytes_are_read_or_refused_with_a_preset_error(data):
    try:
        parse(data, "x.yaml")
    except PresetError as error:
        assert error.where.startswith("x.yaml")


plain = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.text("abc é\n:#'\"", max_size=9),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text("abc", min_size=1), inner, max_size=4),
    max_leaves=12,
)  # fmt: skip


@given(plain)
def test_documents_of_another_yaml_writer_are_read(tree):
    assert value(yaml.safe_dump(tree, default_flow_style=None)) == tree


def test_every_key_and_item_has_a_position():
    document = parse(b"a: 1\nb:\n  c: [x, y]\n  d: {e: 2}\n", "x.yaml")
    assert document.places[("b", "c")] == "x.yaml:3:3"
    assert document.places[("b", "c", 1)] == "x.yaml:3:10"
    assert document.places[("b", "d", "e")] == "x.yaml:4:7"
    assert document.place(("b", "missing")) == "x.yaml:2:1"
    assert document.place(("missing",)) == "x.yaml"
