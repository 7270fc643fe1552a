"""Recorded runs: the detectors find the spikes and phases that a person marked."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from memlab.detectors.detector import Context
from memlab.detectors.phases import PhaseDetector
from memlab.detectors.spike_stats import spike_stats
from memlab.record.events import Evaluated, Event, Phase, Spike, SpikeOnset

FOLDER = Path(__file__).parents[2] / "benchmarks" / "spikes" / "recorded"
MARKS = json.loads((FOLDER / "marks.json").read_text())
Watch = Callable[..., list[Event]]


def loss_of(name: str) -> np.ndarray:
    return np.load(FOLDER / f"{name}.npy")[:, 0]


@pytest.mark.parametrize("name", MARKS)
def test_a_recorded_run_has_the_spikes_that_a_person_marked(watch: Watch, name: str) -> None:
    found = watch(loss_of(name), chance=np.log(97))
    onsets = [event for event in found if isinstance(event, SpikeOnset)]
    assert len(onsets) == len(MARKS[name])
    for onset, mark in zip(onsets, MARKS[name], strict=True):
        assert abs(onset.step - mark["onset"]) <= 2
        assert onset.noticed is not None and onset.noticed <= mark["onset"] + 3
    spikes = [event for event in found if isinstance(event, Spike)]
    for spike, mark in zip(spikes, MARKS[name], strict=False):
        assert spike.peak_step == mark["peak_step"]
        assert spike.peak == pytest.approx(mark["peak"], rel=0.01)


@pytest.mark.parametrize("name", MARKS)
def test_a_detector_that_is_saved_and_restored_finds_the_same_spikes(
    watch: Watch, name: str
) -> None:
    loss = loss_of(name)
    cuts = [*range(50, len(loss), 77), *(mark["peak_step"] for mark in MARKS[name])]
    assert watch(loss, cuts, saved=True) == watch(loss)


def test_quickstart_has_the_phases_that_a_person_marked() -> None:
    names = ("train_loss", "train_accuracy", "val_loss", "val_accuracy")
    detector = PhaseDetector(Context(chance_loss=np.log(59)))
    found: list[Event] = []
    for step, *values in np.load(FOLDER / "quickstart-evaluations.npy").tolist():
        found += detector.see(
            Evaluated(step=int(step), values=dict(zip(names, values, strict=True)))
        )
    assert [(p.name, p.after, p.step) for p in found if isinstance(p, Phase)] == [
        ("memorized", 60, 80),
        ("generalizing", 340, 360),
        ("grokked_95", 940, 960),
        ("grokked", 1160, 1180),
        ("sustained", 1260, 1280),
    ]


def test_the_spikes_of_grok_add_97_are_periodic_and_reach_random_answers(watch: Watch) -> None:
    loss = loss_of("grok-add-97")
    spikes = [e for e in watch(loss, chance=np.log(97)) if isinstance(e, Spike)]
    stats = spike_stats(spikes, len(loss))
    assert stats.n == 15 and stats.period is not None and 150 < stats.period < 180
    assert all(spike.recovered_at is not None for spike in spikes)
    assert any(spike.details["answers"] == "random" for spike in spikes)
