import json
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from memlab.record import sealed_json

TEXTS = st.text() | st.sampled_from(["nan", "inf", "-inf", "\\nan", "\\\\-inf", "NaN", "\ud800"])
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats() | TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=12,
)
DOCUMENTS = st.dictionaries(TEXTS.filter(lambda key: key != "crc"), VALUES, min_size=1, max_size=5)


def same(a: object, b: object) -> bool:
    if isinstance(a, float) and isinstance(b, float):
        return (math.isnan(a) and math.isnan(b)) or np.float64(a).tobytes() == np.float64(
            b
        ).tobytes()
    if isinstance(a, dict) and isinstance(b, dict):
        return list(a) == list(b) and all(same(a[key], b[key]) for key in a)
    if isinstance(a, list) and isinstance(b, list):
        return len(a) == len(b) and all(map(same, a, b))
    return type(a) is type(b) and a == b


@settings(max_examples=50)
@given(DOCUMENTS, st.sampled_from([None, 2]))
def test_a_document_with_nan_and_infinities_round_trips(document, indent):
    data = sealed_json.seal(document, "here", indent=indent)
    assert same(sealed_json.unseal(data, "here"), document)


@settings(max_examples=50)
@given(DOCUMENTS)
def test_a_sealed_document_is_plain_json_for_any_reader(document):
    def refuse(name):
        raise AssertionError(name)

    data = sealed_json.seal(document, "here")
    assert data.endswith(b"\n") and data.count(b"\n") == 1
    assert len(json.loads(data, parse_constant=refuse)) == len(document) + 1


def test_a_document_in_the_place_of_another_is_refused():
    data = sealed_json.seal({"a": 1}, "run/attempts/001/end.json")
    assert sealed_json.unseal(data, "run/attempts/002/end.json") is None


@settings(max_examples=50)
@given(DOCUMENTS, st.data())
def test_a_damaged_document_is_refused_or_unchanged(document, data):
    text = bytearray(sealed_json.seal(document, "here"))
    at = data.draw(st.integers(0, len(text) - 1))
    text[at] ^= 1 << data.draw(st.integers(0, 7))
    found = sealed_json.unseal(bytes(text), "here")
    assert found is None or same(found, document)


def test_text_that_is_valid_only_by_its_crc_does_not_raise():
    for body in (b"[" * 100_000, b'{"a": NaN', b"{" + b'"a": ' + b"9" * 10_000, b'{"a"', b"\xff"):
        crc = f"{sealed_json.zlib.crc32(body, sealed_json.seed('here')):08x}".encode()
        found = sealed_json.unseal(body + b', "crc": "' + crc + b'"}\n', "here")
        assert found is None or isinstance(found["a"], float)


@pytest.mark.parametrize("indent", [None, 2])
def test_every_flipped_bit_of_a_document_and_its_seal_is_detected(indent):
    text = sealed_json.seal({"a": 1}, "here", indent=indent)
    assert sealed_json.unseal(text, "here") == {"a": 1}
    for at in range(8 * len(text)):
        flipped = bytearray(text)
        flipped[at // 8] ^= 1 << at % 8
        assert sealed_json.unseal(bytes(flipped), "here") is None, flipped
