"""Spikes in series: the scale, gaps, and open spikes at the end."""

import numpy as np
import pytest

from benchmarks.spikes.curves import Sort, spiky_curve
from memlab.detectors import series
from memlab.detectors.curve import find_curve_spikes, series_curve, spike_stats_of
from memlab.detectors.series import find_spikes, is_positive

CURVE = spiky_curve(np.random.default_rng(1), Sort(-3.0, 0.05, "gauss", "single")).loss
SPIKE = np.r_[np.linspace(0, 1, 4), np.exp(-np.arange(36) / 10)]
"""a rise by one over 4 steps, then a decay"""


def reward(n=1500, level=-5.0, noise=0.1, at=(), height=4.0, seed=0):
    """Noise around a level, with spikes of a height."""
    values = level + noise * np.random.default_rng(seed).standard_normal(n)
    for start in at:
        values[start - 1 : start - 1 + len(SPIKE)] += height * SPIKE
    return values


def test_results_do_not_depend_on_the_size_of_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = find_spikes([CURVE])
    assert len(whole.spikes) == 5 and whole.open is None and whole.steps == 4000
    monkeypatch.setattr(series, "CHUNK", 97)
    assert find_spikes([CURVE]) == find_spikes(CURVE.tolist()) == whole


def test_a_spike_that_is_open_at_the_end_is_reported_separately() -> None:
    loss = np.concatenate((np.full(500, 0.01), np.full(20, 1.0)))
    found = find_spikes([loss])
    assert found.spikes == [] and found.open is not None and found.open.step == 501


@pytest.mark.parametrize(
    ("values", "positive"),
    [
        ([1.0, 2.0], True),
        ([1e-9, 0.0, 3.0], True),  # a loss that underflows
        ([0.0, 0.0, 3.0], False),  # a count
        ([0.01, 0.0], False),
        ([-5.0, -1.0], False),
        ([3.0, -1e-3], False),
        ([1e-9, -1e-9], False),
        ([3.0, -1e-9], True),  # rounding
        ([np.nan, 1.0, np.inf, -np.inf], True),
        ([0.0, 0.0], False),
        ([np.nan], True),
        ([], True),
    ],
)
def test_a_log_scale_suits_positive_series(values: list[float], positive: bool) -> None:
    assert is_positive([np.array(values)]) == positive
    assert is_positive(values) == positive


@pytest.mark.parametrize("unit", [1e-6, 1.0, 1e6])
@pytest.mark.parametrize("level", [-5.0, 0.0, -1000.0])
def test_a_negative_series_is_judged_in_units_of_its_noise(unit: float, level: float) -> None:
    found = find_curve_spikes(
        lambda: series_curve(np.arange(1, 1501), unit * reward(level=level, at=(900,)))
    )
    (spike,) = found.spikes
    assert found.linear and "linear scale" in found.how
    assert 899 <= spike.onset <= 902 and spike.peak_step in (902, 903, 904)
    assert spike.base == pytest.approx(unit * level, abs=unit * 0.1)
    assert spike.peak == pytest.approx(unit * (level + 4), abs=unit * 0.6)
    assert spike.details["height"] == pytest.approx(unit * 4, rel=0.15)
    assert spike.details["noise"] == pytest.approx(unit * 0.1, rel=0.4)
    assert spike.recovered_at is not None and spike.label == "spike"
    assert spike_stats_of(found).height == spike.details["height"]


def test_a_rise_from_minus_five_to_minus_one_is_detected_without_noise() -> None:
    values = np.full(600, -5.0)
    values[400:420] = -1.0
    (spike,) = find_curve_spikes(lambda: series_curve(np.arange(600), values)).spikes
    assert (spike.onset, spike.base, spike.peak) == (400, -5.0, -1.0)


@pytest.mark.parametrize("seed", range(3))
def test_noise_around_zero_trends_and_falls_are_not_spikes(seed: int) -> None:
    noise = np.random.default_rng(seed).standard_normal(6000)
    t = np.arange(6000)
    curves = {
        "noise": noise,
        "small": 1e-9 * noise,
        "rising": -200 * np.exp(-t / 800) + noise,
        "sigmoid": -200 / (1 + np.exp((t - 3000) / 150)) + 0.01 * noise,
        "smooth": -200 / (1 + np.exp((t - 3000) / 150)),
        "falling": -t / 10 + noise,
        "drop": np.where(t < 3000, -1.0, -50.0) + noise,
        "counts": np.random.default_rng(seed).poisson(0.5, 6000).astype(float),
        "rounded": np.round(0.0002 * np.abs(noise), 4),
        "constant": np.full(6000, -3.0),
        "zero": np.zeros(6000),
    }
    for name, values in curves.items():
        found = find_curve_spikes(lambda values=values: series_curve(t, values))
        assert found.linear, name
        assert found.spikes == [] and found.open is None, name


def test_spikes_and_gaps_have_the_steps_of_the_curve() -> None:
    steps = 50 * np.arange(1, 1501)
    loss = reward(level=5.0, noise=0.02, at=(251,), height=30.0)
    loss[500:503] = np.nan
    found = find_curve_spikes(lambda: series_curve(steps, loss))
    (spike,), (gap,) = found.spikes, found.gaps
    assert not found.linear and spike.onset == 12_600 and found.steps == 75_000
    assert (gap.first, gap.last, gap.nan, gap.infinite) == (25_050, 25_150, 3, 0)


def test_one_nan_changes_neither_the_spikes_nor_their_heights() -> None:
    loss = reward(400, level=5.0, noise=0.02, at=(200,), height=30.0)
    whole = find_curve_spikes(lambda: series_curve(np.arange(1, 401), loss))
    loss[320] = np.nan
    found = find_curve_spikes(lambda: series_curve(np.arange(1, 401), loss))
    assert found.spikes == whole.spikes and len(found.spikes) == 1
    assert spike_stats_of(found) == spike_stats_of(whole)
    assert [(gap.first, gap.last, gap.nan, gap.closed) for gap in found.gaps] == [
        (321, 321, 1, True)
    ]


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_a_series_that_ends_in_a_gap_has_diverged_and_the_median_height_is_of_the_others(
    value: float,
) -> None:
    loss = reward(600, level=5.0, noise=0.02, at=(200,), height=30.0)
    height = spike_stats_of(find_curve_spikes(lambda: series_curve(np.arange(1, 601), loss))).height
    loss[550:] = value
    found = find_curve_spikes(lambda: series_curve(np.arange(1, 601), loss))
    first, lost = found.spikes
    assert (lost.label, lost.onset, lost.recovered_at) == ("divergence", 551, None)
    assert spike_stats_of(found).height == height and first.label == "spike"
    (gap,) = found.gaps
    assert (gap.first, gap.last, gap.closed) == (551, 600, False)
