"""Coordinates of large cities: 1,179 facts to memorize.

    loc(c_0000)=6734,8373    Shanghai, 31.22 north, 121.46 east
    loc(c_0421)=6067,7030    Dombivali, 19.22 north, 73.08 east

The number of a city is its rank by population. The first four digits are the latitude, from 0000 at the
south pole to 9999 at the north pole; the last four are the longitude, eastwards from 180 degrees west. A
step is 0.018 degrees of latitude or 0.036 degrees of longitude, so the centre of the cell that the digits
denote is at most 2.3 km from the city.

The cities are those of GeoNames (https://www.geonames.org, CC BY 4.0) with more than 500,000 inhabitants;
`tools/make_cities.py` writes the table.
"""

import csv
import re
from collections.abc import Sequence
from functools import cache
from importlib.resources import files
from math import pi
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import model_validator

from memlab.record.measure import Measure
from memlab.settings import setting
from memlab.tasks.digits import DIGITS, mean_right_digits
from memlab.tasks.seeds import Seeds
from memlab.tasks.sequences import examples_of, vocabulary_of
from memlab.tasks.task import Dataset, Task

EARTH_RADIUS = 6371.0088
"""mean radius in km"""
N_CITIES = 1179


@cache
def cities() -> NDArray[np.float64]:
    """(city, 2) latitude and longitude in degrees, largest city first."""
    text = (files(__package__) / "cities.csv").read_text("utf-8")
    rows = csv.DictReader(text.splitlines()[1:])
    return np.array([(float(row["latitude"]), float(row["longitude"])) for row in rows])


def to_digits(latitude: float, longitude: float) -> str:
    """Degrees as `efgh,ijkl`; latitude in -90..90, longitude in -180..180."""
    north = min(int((latitude + 90) / 180 * 10_000), 9999)
    east = min(int((longitude + 180) / 360 * 10_000), 9999)
    return f"{north:04},{east:04}"


def to_degrees(digits: str) -> tuple[float, float] | None:
    """The centre of the cell that `to_digits` maps to these digits; None if they are not 4 + 4
    digits.
    """
    if not re.fullmatch(r"[0-9]{4},[0-9]{4}", digits):
        return None
    north, east = map(int, digits.split(","))
    return (north + 0.5) / 10_000 * 180 - 90, (east + 0.5) / 10_000 * 360 - 180


def kilometres(target: str, answer: str) -> float:
    """Great-circle distance in km between two answers; half the circumference of the earth if one cannot be
    parsed.
    """
    place, other = to_degrees(target), to_degrees(answer)
    if place is None or other is None:
        return pi * EARTH_RADIUS
    (latitude, longitude), (latitude_2, longitude_2) = np.radians([place, other])
    haversine = (
        np.sin((latitude_2 - latitude) / 2) ** 2
        + np.cos(latitude) * np.cos(latitude_2) * np.sin((longitude_2 - longitude) / 2) ** 2
    )
    return float(2 * EARTH_RADIUS * np.arcsin(np.sqrt(min(haversine, 1.0))))


class Location(Task):
    """Coordinates of large cities."""

    scores = (
        DIGITS,
        Measure(
            "km_median",
            "Median great-circle distance between target and answer.",
            "km", 0.0, pi * EARTH_RADIUS, "log", "lower", "haversine formula",
        ),
        Measure(
            "km_p90",
            "90th percentile of the great-circle distance between target and answer.",
            "km", 0.0, pi * EARTH_RADIUS, "log", "lower", "haversine formula",
        ),
    )  # fmt: skip

    kind: Literal["location"] = "location"
    train_cities: int = setting(
        1051, ge=1, le=N_CITIES, unit="cities", help="Cities in the training set."
    )
    val_cities: int = setting(
        128, ge=1, le=N_CITIES, unit="cities", help="Cities in the validation set."
    )
    validation: Literal["within_train", "held_out"] = setting(
        "within_train", help="Validate on training cities (memorization) or on other ones."
    )

    @model_validator(mode="after")
    def _enough_cities(self) -> "Location":
        allowed = N_CITIES - self.train_cities
        if self.validation == "within_train":
            allowed = self.train_cities
        if self.val_cities > allowed:
            raise ValueError(f"val_cities {self.val_cities} is more than {allowed} cities")
        return self

    def dataset(self, seeds: Seeds) -> Dataset:
        """Seed `split` chooses training and validation cities."""
        prompts = [f"loc(c_{i:04})=" for i in range(N_CITIES)]
        answers = [to_digits(*city) for city in cities()]
        vocabulary = vocabulary_of(sorted({*"0123456789,", *prompts[0]}))
        every = examples_of(vocabulary, prompts, answers)
        rng = seeds.rng("split")
        train, others = np.split(rng.permutation(N_CITIES), [self.train_cities])
        within = self.validation == "within_train"
        val = rng.permutation(train if within else others)[: self.val_cities]
        return Dataset(
            vocabulary,
            {"train": every.take(train), "val": every.take(val)},
            val_within_train=within,
        )

    def score(self, answers: Sequence[tuple[str, str]]) -> dict[str, float]:
        """`digits`: mean number of correct digits, of 8; `km_median`, `km_p90`: distance in km."""
        distances = [kilometres(target, answer) for target, answer in answers]
        median, p90 = np.percentile(distances, [50, 90])
        return {
            "digits": mean_right_digits(answers),
            "km_median": float(median),
            "km_p90": float(p90),
        }
