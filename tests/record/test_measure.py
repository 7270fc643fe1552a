"""Declarations of measures: those that a run stores, and the defaults."""

import dataclasses
import json

import pytest

from memlab.record.events import COLUMNS
from memlab.record.folder import RunFolder
from memlab.record.measure import COLUMN_MEASURES, Measure, Measures, from_json, split_of, to_json

SHARPNESS = Measure("sharpness", "Largest eigenvalue.", "nats", None, None, "log", None, "a paper")
ACCURACY = Measure("accuracy", "Share of right answers.", "1", 0.0, 1.0, direction="higher")


def test_declarations_round_trip_through_json():
    stored = json.loads(json.dumps(to_json([SHARPNESS, ACCURACY])))
    assert from_json(stored) == [SHARPNESS, ACCURACY]


@pytest.mark.parametrize(
    "entry",
    [
        None,
        {},
        [],
        {"name": "x"},
        {"name": 1, "meaning": ""},
        {"name": "x", "meaning": "", "scale": "cubic"},
        {"name": "x", "meaning": "", "direction": "up"},
        {"name": "x", "meaning": "", "low": "0"},
    ],
)
def test_damaged_entries_are_ignored(entry):
    assert from_json([entry, *to_json([ACCURACY])]) == [ACCURACY]


@pytest.mark.parametrize("stored", [None, {}, "x", 3])
def test_a_value_that_is_not_a_list_declares_nothing(stored):
    assert from_json(stored) == []


def test_keys_of_later_versions_are_ignored():
    (entry,) = to_json([ACCURACY])
    assert from_json([{**entry, "colour": "red"}]) == [ACCURACY]


def test_every_column_is_declared():
    assert tuple(measure.name for measure in COLUMN_MEASURES) == COLUMNS


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("val_loss", ("val", "loss")),
        ("loss", (None, "loss")),
        ("train_token_accuracy", ("train", "token_accuracy")),
        ("weight_norm", (None, "weight_norm")),
        ("val_", (None, "val_")),
    ],
)
def test_the_split_is_the_first_word(name, expected):
    assert split_of(name) == expected


def test_a_recorded_name_has_the_declaration_of_its_measure():
    measures = Measures([ACCURACY, SHARPNESS])
    assert measures["sharpness"] is SHARPNESS
    for name in ("val_accuracy", "val_accuracy_noisy", "accuracy_add"):
        found = measures[name]
        assert found.is_share and found.direction == "higher" and found.name == name
    assert measures["val_accuracy"].meaning == "Share of right answers. On the validation split."


def test_without_a_declaration_the_suffix_of_the_name_decides():
    measures = Measures()
    assert (measures["val_loss"].scale, measures["val_loss"].unit) == ("log", "nats")
    assert measures["train_token_accuracy"].is_share
    assert measures["some_norm"].scale == "log"
    assert (measures["aux_loss"].scale, measures["aux_loss"].unit) == ("log", "nats")
    unknown = measures["val_km_median"]
    assert (unknown.scale, unknown.low, unknown.direction) == ("linear", None, None)
    assert dataclasses.replace(unknown, name="x") == Measure("x", "On the validation split.")


def test_measures_are_a_mapping_of_declarations(runs):
    declared = {"measures": to_json([SHARPNESS])}
    measures = RunFolder.create(runs, declared, "", "measured").measures
    assert SHARPNESS in list(measures) and len(measures) == len(COLUMNS) + 1
    assert "sharpness" in measures and "val_loss" not in measures
    assert measures["sharpness/head"].meaning == "Largest eigenvalue. Of head."
