"""Spikes: detection, onset, end, labels and details."""

import json
import math
from collections.abc import Callable
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.spikes.curves import Sort, quantized_curve, quiet_curve, spiky_curve
from benchmarks.spikes.score import memlab_onsets, rows_of
from memlab.detectors.detector import Context
from memlab.detectors.spikes import SpikeDetector
from memlab.record.events import (
    Change,
    Edited,
    Ended,
    Evaluated,
    Event,
    Gap,
    Spike,
    SpikeOnset,
    to_json,
)

Watch = Callable[..., list[Event]]


def plateau(n: int, level: float = 1e-3, sigma: float = 0.03, seed: int = 0) -> np.ndarray:
    return level * 10 ** (sigma * np.random.default_rng(seed).standard_normal(n))


def with_spike(
    loss: np.ndarray, at: int, height: float, rise: int = 3, tau: float = 20
) -> np.ndarray:
    """A spike of `height` decades whose first raised step is `at`, counted from 1."""
    since = np.arange(1, len(loss) + 1) - at + 1.0
    shape = np.clip(since / rise, 0, 1) * np.exp(-np.clip(since - rise, 0, None) / tau)
    return loss * 10 ** (height * shape)


def spikes(found: list[Event]) -> list[Spike]:
    return [event for event in found if isinstance(event, Spike)]


def onsets(found: list[Event]) -> list[SpikeOnset]:
    return [event for event in found if isinstance(event, SpikeOnset)]


def test_a_spike_is_reported_with_its_onset_peak_recovery_and_area(watch: Watch) -> None:
    found = watch(with_spike(plateau(1200), 800, 2.0), chance=4.57)
    (onset,), (spike,) = onsets(found), spikes(found)
    assert 799 <= onset.step <= 802 and onset.base == pytest.approx(1e-3, rel=0.15)
    assert onset.noticed is not None and onset.step <= onset.noticed <= 804
    assert spike.onset == onset.step and spike.details["noticed"] == onset.noticed
    assert spike.peak_step in (802, 803) and spike.peak == pytest.approx(0.1, rel=0.3)
    assert spike.label == "spike"
    assert spike.recovered_at is not None
    assert 802 + 20 * math.log(2 / 0.4) <= spike.recovered_at <= 802 + 20 * math.log(2 / 0.25)
    assert spike.step == spike.recovered_at + 9
    assert spike.details["height"] == pytest.approx(2.0, abs=0.15)
    assert spike.details["area"] == pytest.approx(2.0 * 20 * 0.85, rel=0.2)
    assert spike.details["p_answer"] == pytest.approx(math.exp(-spike.peak))


@pytest.mark.parametrize(("peak", "answers"), [(4.4, "random"), (1.33, "partly confused")])
def test_details_compare_the_peak_with_chance(watch: Watch, peak: float, answers: str) -> None:
    loss = with_spike(plateau(1000, 0.01, 0.01), 700, np.log10(peak / 0.01))
    (spike,) = spikes(watch(loss, chance=math.log(97)))
    assert spike.details["answers"] == answers


def test_the_gradient_and_the_nearest_accuracies_are_reported() -> None:
    detector = SpikeDetector(Context())
    loss = with_spike(plateau(1000), 705, 2.0)
    grad = np.where(np.arange(1, 1001) == 706, 50.0, 1.0)
    found: list[Event] = []
    for start in range(0, 1000, 100):
        found += detector.see(
            rows_of(loss[start : start + 100], start + 1, grad[start : start + 100])
        )
        accuracies = {"val_accuracy": start / 1000, "val_loss": 1.0}
        found += detector.see(Evaluated(step=start + 100, values=accuracies))
    (spike,) = spikes(found)
    assert spike.details["grad_norm_ratio"] == pytest.approx(50, rel=0.01)
    assert spike.details["grad_norm_peak_step"] == 706
    assert spike.details["evaluated_at"] == 700 and spike.details["val_accuracy"] == 0.6
    assert "val_loss" not in spike.details


@pytest.mark.parametrize(("level", "label"), [(0.3, "lingering"), (20.0, "divergence")])
def test_a_loss_that_stays_high_lingers_or_has_diverged(
    watch: Watch, level: float, label: str
) -> None:
    loss = np.concatenate((plateau(600), plateau(900, level, seed=1)))
    (spike,) = spikes(watch(loss, chance=4.57))
    assert (spike.label, spike.recovered_at) == (label, None)
    assert 600 <= spike.onset <= 601 and 700 < spike.step < 730
    assert spike.details["settled_at"] == pytest.approx(level, rel=0.3)


def test_a_loss_that_recovers_too_slowly_lingers(watch: Watch) -> None:
    loss = plateau(4000)
    loss[600:] *= 10 ** np.clip(4 - 0.0015 * np.arange(3400), 0, None)
    (spike,) = spikes(watch(loss, chance=4.57))
    assert spike.label == "lingering" and spike.step == spike.onset + 2000


def test_a_loss_that_nearly_returns_to_its_base_has_recovered(watch: Watch) -> None:
    loss = with_spike(plateau(1500), 600, 2.0)
    loss[602:] *= 10**0.2
    (spike,) = spikes(watch(loss))
    assert spike.label == "spike" and spike.recovered_at is not None


def ended(loss: np.ndarray, cuts: tuple[int, ...] = ()) -> list[Event]:
    """The events of a finished run with these losses."""
    detector = SpikeDetector(Context(chance_loss=4.57))
    found: list[Event] = []
    edges = [0, *cuts, len(loss)]
    for start, stop in pairwise(edges):
        found += detector.see(rows_of(loss[start:stop], start + 1))
    found += detector.see(Ended(step=len(loss), reason="finished"))
    for event in found:
        json.dumps(to_json(event), allow_nan=False)
    return found


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_a_loss_that_stays_non_finite_is_a_divergence_of_finite_height(value: float) -> None:
    for n in (3, 500):
        loss = np.concatenate((plateau(n), np.full(100, value)))
        *gaps, spike = ended(loss)
        assert gaps == [
            Gap(step=n + 10, first=n + 1, last=n + 10, nan=10 * np.isnan(value),
                infinite=10 * np.isinf(value), closed=False),
            Gap(step=n + 100, first=n + 1, last=n + 100, nan=100 * np.isnan(value),
                infinite=100 * np.isinf(value), closed=False),
        ]  # fmt: skip
        assert isinstance(spike, Spike)
        assert (spike.label, spike.recovered_at, spike.step) == ("divergence", None, n + 100)
        assert spike.onset == n + 1 == spike.details["not_finite_at"]
        assert spike.base <= spike.peak < 2 * spike.base
        # A run that has not ended reports no divergence yet.
        assert spikes(SpikeDetector(Context()).see(rows_of(loss))) == []


def test_a_loss_that_was_never_finite_has_a_gap_and_no_spike() -> None:
    assert [event.kind for event in ended(np.full(50, np.nan))] == ["gap", "gap"]


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("length", [1, 9, 10, 60])
def test_a_gap_is_reported_and_changes_nothing_else(value: float, length: int) -> None:
    loss = with_spike(plateau(1200), 900, 2.0)
    with_gap = np.insert(loss, 600, [value] * length)
    found, whole = ended(with_gap), ended(loss)
    gaps = [event for event in found if isinstance(event, Gap)]
    assert [gap.closed for gap in gaps] == ([False, True] if length >= 10 else [True])
    assert (gaps[-1].first, gaps[-1].last, gaps[-1].step) == (601, 600 + length, 601 + length)
    assert gaps[-1].nan + gaps[-1].infinite == length and (gaps[-1].nan > 0) == np.isnan(value)
    (spike,), (same,) = spikes(found), spikes(whole)
    assert spike.details["height"] == same.details["height"]
    assert (spike.base, spike.peak) == (same.base, same.peak)
    assert spike.onset == same.onset + length and spike.recovered_at == same.recovered_at + length


def test_the_peak_of_a_spike_with_a_gap_is_its_highest_finite_value() -> None:
    loss = with_spike(plateau(1200), 800, 2.0)
    with_gap = loss.copy()
    with_gap[803:806] = np.inf
    (spike,), (whole,) = spikes(ended(with_gap)), spikes(ended(loss))
    assert spike.onset == whole.onset
    assert spike.peak == pytest.approx(with_gap[np.isfinite(with_gap)].max(), rel=1e-6)
    assert spike.details["not_finite_at"] == 804 and "not_finite_at" not in whole.details
    assert spike.recovered_at == whole.recovered_at


def test_a_run_that_is_interrupted_in_a_gap_has_not_diverged() -> None:
    detector = SpikeDetector(Context())
    detector.see(rows_of(np.r_[plateau(600), np.full(5, np.nan)]))
    assert detector.see(Ended(step=605, reason="interrupted")) == []


@settings(max_examples=25, deadline=None)
@given(
    cuts=st.lists(st.integers(1, 899), max_size=8, unique=True).map(sorted).map(tuple),
    gaps_at=st.lists(st.tuples(st.integers(0, 890), st.integers(1, 40)), max_size=5),
    value=st.sampled_from([np.nan, np.inf, -np.inf]),
)
def test_gaps_do_not_depend_on_the_division_into_blocks(
    watch: Watch, cuts: tuple[int, ...], gaps_at: list[tuple[int, int]], value: float
) -> None:
    loss = with_spike(with_spike(plateau(900), 300, 2.0), 700, 1.0)
    for start, length in gaps_at:
        loss[start : start + length] = value
    assert ended(loss, cuts) == ended(loss)
    assert watch(loss, cuts, saved=True) == watch(loss)
    gaps = {gap.first: gap for gap in ended(loss) if isinstance(gap, Gap)}
    missing = [step for gap in gaps.values() for step in range(gap.first, gap.last + 1)]
    assert missing == (np.flatnonzero(~np.isfinite(loss)) + 1).tolist()


def test_a_loss_that_becomes_negative_is_judged_on_a_linear_scale() -> None:
    rng = np.random.default_rng(0)
    loss = np.r_[np.linspace(3, 0.2, 300), 0.02 * rng.standard_normal(900) - 0.5]
    loss[900:910] += 2.0
    (spike,) = (s for s in spikes(ended(loss)) if s.onset > 400)
    assert 899 <= spike.onset <= 902 and spike.details["scale"] == "linear"
    assert spike.base == pytest.approx(-0.5, abs=0.05) and spike.peak == pytest.approx(1.5, abs=0.1)
    assert spike.details["height"] == pytest.approx(2.0, abs=0.1)
    assert spike.details["noise"] == pytest.approx(0.02, rel=0.5)
    assert "p_answer" not in spike.details


@pytest.mark.parametrize("event", [Change(step=600, what="lr"), Edited(step=600, changes={})])
def test_a_rise_after_a_change_or_an_edit_is_not_a_spike(event: Event) -> None:
    detector = SpikeDetector(Context())
    found = detector.see(rows_of(plateau(600)))
    found += detector.see(event)
    found += detector.see(rows_of(plateau(600, 0.5), 601))
    assert found == []


def test_a_change_ends_an_open_spike() -> None:
    detector = SpikeDetector(Context())
    detector.see(rows_of(with_spike(plateau(610), 600, 2.0, tau=100)))
    (spike,) = spikes(detector.see(Change(step=610, what="lr")))
    assert (spike.label, spike.recovered_at, spike.step) == ("spike", None, 610)
    assert spike.details["ended_by"] == "change"


def test_a_second_spike_on_the_slope_of_the_first_ends_it(watch: Watch) -> None:
    loss = with_spike(with_spike(plateau(1500), 800, 3.0, tau=60), 900, 1.5, tau=60)
    first, second = spikes(watch(loss))
    assert first.details["ended_by"] == "spike" and first.recovered_at is None
    assert 898 <= second.onset <= 904 and second.recovered_at is not None
    assert [onset.step for onset in onsets(watch(loss))] == [first.onset, second.onset]


def test_one_spike_is_open_at_a_time_and_both_events_name_its_onset(watch: Watch) -> None:
    rng = np.random.default_rng(5)
    for shape in ("double", "periodic", "on slope"):
        found = watch(spiky_curve(rng, Sort(-3.0, 0.1, "ar1", shape)).loss)
        opened, closed = onsets(found), spikes(found)
        assert [event.kind for event in found[: 2 * len(closed)]] == ["spike_onset", "spike"] * len(
            closed
        )
        assert [spike.onset for spike in closed] == [onset.step for onset in opened][: len(closed)]
        steps = [onset.step for onset in opened]
        assert len(opened) > 3 and steps == sorted(set(steps))


def test_spikes_are_detected_from_the_64th_step_on(watch: Watch) -> None:
    for at, n in ((40, 0), (75, 1)):
        assert len(onsets(watch(with_spike(plateau(140, sigma=0.01), at, 2.0)))) == n


def test_exact_zeros_and_rounding_are_not_spikes_but_a_rise_from_them_is(watch: Watch) -> None:
    assert watch(np.zeros(500)) == []
    rng = np.random.default_rng(1)
    for examples in (1, 64, 4704):
        for rate in (0.02, 0.3, 0.7, 5.0):
            assert watch(quantized_curve(rng, examples, rate, spiky=False).loss) == []
    loss = np.zeros(500)
    loss[300:340] = 0.5 * np.exp(-np.arange(40) / 3)
    (spike,) = spikes(watch(loss))
    assert spike.onset == 301 and spike.base == 0.0 and spike.recovered_at is not None


@settings(max_examples=15, deadline=None)
@given(
    cuts=st.lists(st.integers(1, 1500), max_size=10),
    seed=st.integers(0, 2**32),
    shape=st.sampled_from(["double", "periodic", "diverging", "on slope"]),
    noise=st.sampled_from([("gauss", 0.0), ("ar1", 0.1), ("t5", 0.25)]),
)
def test_saving_and_restoring_at_any_step_changes_nothing(
    watch: Watch, cuts: list[int], seed: int, shape: str, noise: tuple[str, float]
) -> None:
    rng = np.random.default_rng(seed)
    loss = spiky_curve(rng, Sort(-3.0, noise[1], noise[0], shape), n=1500).loss
    whole = [to_json(event) for event in watch(loss)]
    assert [to_json(event) for event in watch(loss, cuts, saved=True)] == whole
    assert json.loads(json.dumps(whole)) == whole


def test_the_state_of_the_detector_is_bounded() -> None:
    detector = SpikeDetector(Context())
    detector.see(rows_of(plateau(20000)))
    assert len(json.dumps(detector.state())) < 20_000


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 2**32), power=st.integers(-16, 8))
def test_a_scaled_loss_has_the_same_spikes(watch: Watch, seed: int, power: int) -> None:
    loss = spiky_curve(np.random.default_rng(seed), Sort(-2.0, 0.05, "gauss", "single"), 1500).loss
    found, scaled = watch(loss), watch(loss * np.float32(2.0**power))
    assert [event.step for event in scaled] == [event.step for event in found]


def test_noise_is_not_a_spike() -> None:
    rng = np.random.default_rng(11)
    for kind, sigma in (("ar1", 0.07), ("t5", 0.04), ("t8", 0.3), ("gauss", 0.3), ("ar1", 0.3)):
        for shape in ("flat", "hump", "ramp", "fall", "descent", "change"):
            assert len(memlab_onsets(quiet_curve(rng, Sort(-3.0, sigma, kind, shape)))) == 0


@pytest.mark.slow
def test_at_most_one_false_positive_per_million_steps() -> None:
    for kind, sigma in (("ar1", 0.07), ("t5", 0.04)):
        rng = np.random.default_rng([12, 2])
        made = (quiet_curve(rng, Sort(-3.0, sigma, kind, "flat")) for _ in range(500))
        assert sum(len(memlab_onsets(curve)) for curve in made) <= 2
