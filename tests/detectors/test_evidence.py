"""The vectorized computation equals simple loops, for any division into blocks."""

import math
import statistics
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.spikes.curves import Sort, quantized_curve, spiky_curve
from memlab.detectors import evidence as rules
from memlab.detectors.evidence import Gauge, decades


def plain_noise(residuals: list[float]) -> tuple[float, float, float]:
    """Scale, center and slow noise, in plain Python."""

    def upper_median(values: list[float]) -> float:
        return sorted(values)[len(values) // 2]

    if len(residuals) < 16:
        return 0.0075, 0.0, 0.35
    center = upper_median(residuals)
    around = [r - center for r in residuals]
    lately = residuals[-64:]
    deviation = upper_median([abs(r) for r in around])
    difference = upper_median([abs(b - a) for a, b in pairwise(lately)])
    few = 1 + 32 / len(residuals)
    scale = max(1.4826 * few * max(deviation, difference / math.sqrt(2)), 0.0075)
    eights = [abs(sum(around[i : i + 8])) / 8 for i in range(len(around) - 7)]
    return scale, max(center, 0.0), 1.4826 * few * upper_median(eights) / scale


def plain_loop(y: list[float]) -> tuple[list[float], list[float], list[bool]]:
    """Base, z and whether the rule is met, step by step."""
    bases: list[float] = []
    zs: list[float] = []
    fired: list[bool] = []
    residuals: list[float] = []
    scale, center, slow = math.inf, 0.0, 0.0
    for t, now in enumerate(y):
        past = y[max(t - 25, 0) : t]
        base = statistics.median(past) if past else now
        if len(past) == 25:
            base = min(base, statistics.median(past[-9:]))
        if t % 32 == 0 and t >= 64:
            scale, center, slow = plain_noise(residuals[-512:])
        rise = max(now - base, -0.5)
        if min(now, base) > -12:
            residuals.append(rise)
        z = (rise - center) / scale
        bases.append(base)
        zs.append(z)
        last = [0.0] * 8 + [min(max(value, -12.0), 12.0) for value in zs]
        strong = (
            z >= 40
            or sum(last[-2:]) >= 2 * 9.0
            or sum(last[-4:]) >= 4 * 4.9
            or sum(last[-8:]) >= 8 * max(3.25, 6.2 * slow)
        )
        rounding = now < -6 and any(value <= -12 for value in past)
        fired.append(strong and now - base >= math.log10(2) and not rounding)
    return bases, zs, fired


def curves() -> list[np.ndarray]:
    rng = np.random.default_rng(3)
    spiky = [
        spiky_curve(rng, Sort(plateau, sigma, kind, shape), n=1500).loss
        for plateau, sigma, kind, shape in (
            (-3.0, 0.1, "ar1", "double"),
            (0.0, 0.25, "t5", "periodic"),
            (-7.0, 0.0, "gauss", "single"),
            (-9.0, 0.04, "gauss", "diverging"),
        )
    ]
    return [*spiky, quantized_curve(rng, 64, 0.3, spiky=True, n=1500).loss]


@pytest.mark.parametrize("number", range(5))
def test_a_whole_block_equals_a_simple_loop(number: int) -> None:
    y = decades(curves()[number])
    y = y[np.isfinite(y)]
    found = Gauge().measure(y)
    bases, zs, fired = plain_loop(y.tolist())
    assert found.base.tolist() == bases
    np.testing.assert_allclose(found.z, zs, rtol=1e-9, atol=1e-9)
    assert found.fired.tolist() == fired
    assert found.fired.any()


@settings(max_examples=30, deadline=None)
@given(
    cuts=st.lists(st.integers(1, 700), max_size=12),
    seed=st.integers(0, 2**32),
    sigma=st.sampled_from([0.0, 0.02, 0.3]),
)
def test_the_division_into_blocks_changes_no_bit(cuts: list[int], seed: int, sigma: float) -> None:
    rng = np.random.default_rng(seed)
    y = decades(spiky_curve(rng, Sort(-3.0, sigma, "ar1", "single"), n=700).loss)
    whole, gauge = Gauge().measure(y), Gauge()
    edges = [0, *sorted(set(cuts) - {700}), 700]
    parts = [gauge.measure(y[a:b]) for a, b in pairwise(edges)]
    for name in ("base", "scale", "z", "fired"):
        joined = np.concatenate([getattr(part, name) for part in parts])
        assert joined.tolist() == getattr(whole, name).tolist()


def test_single_steps_give_the_same_bits() -> None:
    y = decades(curves()[0])[:700]
    gauge = Gauge()
    steps = [gauge.measure(y[i : i + 1]) for i in range(len(y))]
    assert [float(step.z[0]) for step in steps] == Gauge().measure(y).z.tolist()


def test_the_scale_is_the_standard_deviation_of_the_noise() -> None:
    rng = np.random.default_rng(0)
    for sigma in (0.05, 0.3):
        found = Gauge().measure(-3 + sigma * rng.standard_normal(3000))
        assert np.median(found.scale) == pytest.approx(sigma, rel=0.2)


def test_spikes_and_falls_do_not_inflate_the_scale() -> None:
    rng = np.random.default_rng(0)
    y = -3 + 0.05 * rng.standard_normal(3000)
    y[1000:1060] += 3 * np.exp(-np.arange(60) / 20)
    y[2000:] -= 3
    assert Gauge().measure(y).scale[600:].max() < 0.09


def test_zero_is_the_floor_and_non_finite_losses_have_no_height() -> None:
    y = decades(np.array([0.0, 1e-30, 1.0, np.nan, np.inf, -np.inf], np.float32))
    assert y[:3].tolist() == [rules.ZERO, rules.ZERO, 0.0]
    assert np.isnan(y[3:]).all()


def test_a_scaled_or_shifted_linear_series_has_the_same_evidence() -> None:
    values = np.random.default_rng(3).standard_normal(2000) - 5.0
    values[1500:1510] += 20.0
    reference = Gauge(linear=True).measure(values)
    for factor, offset in ((2.0**10, 0.0), (2.0**-10, 0.0), (1.0, 3.0)):
        found = Gauge(linear=True).measure(values * factor + offset)
        assert found.fired.tolist() == reference.fired.tolist()
        np.testing.assert_allclose(found.z, reference.z, rtol=1e-6, atol=1e-6)
    assert (
        set(np.flatnonzero(reference.fired)) <= set(range(1500, 1518))
        and reference.fired[1500:1503].any()
    )
