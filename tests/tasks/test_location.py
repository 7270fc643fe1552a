"""Cities: the table, the mapping of degrees to digits, the distances."""

import csv
from math import acos, cos, pi, radians, sin
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from memlab.tasks import location
from memlab.tasks.location import EARTH_RADIUS, Location, kilometres, to_degrees, to_digits
from memlab.tasks.seeds import Seeds

DEGREES = st.tuples(st.floats(-90, 90), st.floats(-180, 180))


def test_the_table_has_1179_cities_of_more_than_500000_people_the_largest_first():
    lines = Path(location.__file__).with_name("cities.csv").read_text("utf-8").splitlines()
    assert "CC BY 4.0" in lines[0] and "GeoNames" in lines[0]
    rows = list(csv.DictReader(lines[1:]))
    people = [int(row["population"]) for row in rows]
    assert len(rows) == 1179 == len(location.cities())
    assert people == sorted(people, reverse=True) and people[-1] > 500_000
    assert [int(row["id"]) for row in rows] == list(range(1179))


@given(st.integers(0, 9999), st.integers(0, 9999))
def test_decoding_and_encoding_digits_is_the_identity(north, east):
    digits = f"{north:04},{east:04}"
    assert to_digits(*to_degrees(digits)) == digits


@given(DEGREES)
def test_degrees_are_decoded_within_half_a_step(place):
    latitude, longitude = to_degrees(to_digits(*place))
    assert abs(latitude - place[0]) <= 0.009 + 1e-9
    assert abs(longitude - place[1]) <= 0.018 + 1e-9


def test_every_city_is_decoded_within_two_and_a_third_km():
    for latitude, longitude in location.cities():
        back = to_degrees(to_digits(latitude, longitude))
        assert arc((latitude, longitude), back) < 2.3


def arc(here, there):
    """The spherical law of cosines, a different formula from the one under test."""
    (a, b), (c, d) = (map(radians, place) for place in (here, there))
    return EARTH_RADIUS * acos(min(1, sin(a) * sin(c) + cos(a) * cos(c) * cos(b - d)))


@given(DEGREES, DEGREES)
def test_distances_agree_with_the_law_of_cosines(here, there):
    one, other = to_digits(*here), to_digits(*there)
    expected = arc(to_degrees(one), to_degrees(other))
    assert kilometres(one, other) == pytest.approx(expected, abs=0.2)


def test_paris_to_london_is_344_km():
    assert kilometres(to_digits(48.8566, 2.3522), to_digits(51.5074, -0.1278)) == pytest.approx(
        344, abs=4
    )


@pytest.mark.parametrize("answer", ["", "1234", "12345678", "1234,567", "abcd,efgh"])
def test_an_invalid_answer_has_half_the_circumference_as_distance(answer):
    assert kilometres("1234,5678", answer) == pi * EARTH_RADIUS


def test_the_score_has_digits_and_distances():
    score = Location().score([("5000,5000", "5000,5000")] * 9 + [("5000,5000", "")])
    assert score["digits"] == 7.2
    assert score["km_median"] == 0
    assert score["km_p90"] > 0


def test_validation_cities_are_training_cities_or_held_out():
    sizes = {
        validation: Location(validation=validation).dataset(Seeds())
        for validation in ("within_train", "held_out")
    }
    for validation, data in sizes.items():
        prompts = {
            split: {tuple(e.prompt(i)) for i in range(len(e))} for split, e in data.splits.items()
        }
        assert (len(prompts["train"]), len(prompts["val"])) == (1051, 128)
        if validation == "within_train":
            assert prompts["val"] < prompts["train"]
        else:
            assert not prompts["val"] & prompts["train"]


def test_more_held_out_cities_than_remain_are_an_error():
    with pytest.raises(ValidationError, match="val_cities 128 is more than 79"):
        Location(train_cities=1100, validation="held_out")
