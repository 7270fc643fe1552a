from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from memlab.charts.smooth import Smoother, smooth


def by_a_plain_loop(values, weight, log):
    smoothed, mean, mass = [], 0.0, 0.0
    for value in values:
        if not np.isfinite(value) or (log and value <= 0):
            smoothed.append(np.nan)
            continue
        mean = weight * mean + (1 - weight) * (np.log(value) if log else value)
        mass = weight * mass + (1 - weight)
        smoothed.append(np.exp(mean / mass) if log else mean / mass)
    return np.array(smoothed)


@pytest.mark.parametrize("weight", [0.0, 0.5, 0.9, 0.98, 0.9999])
@pytest.mark.parametrize("log", [True, False])
@pytest.mark.parametrize("n", [0, 1, 31, 32, 33, 5000])
def test_the_average_equals_that_of_a_plain_loop(weight: float, log: bool, n: int):
    values = np.exp(np.random.default_rng(n).standard_normal(n))
    values[3::17] = np.nan
    values[5::41] = 0.0
    assert_allclose(smooth(values, weight, log), by_a_plain_loop(values, weight, log), rtol=1e-9)


@given(st.lists(st.integers(0, 90), max_size=12), st.sampled_from([0.0, 0.7, 0.99]))
def test_appending_values_gives_the_same_average_as_smoothing_all_at_once(lengths, weight):
    values = np.exp(np.random.default_rng(0).standard_normal(sum(lengths)))
    smoother, ends = Smoother(weight), np.cumsum([0, *lengths])
    pieces = [smoother.extend(values[a:b]) for a, b in pairwise(ends)]
    assert_allclose(np.concatenate([np.empty(0), *pieces]), smooth(values, weight), rtol=1e-9)


def test_a_constant_is_unchanged():
    assert_allclose(smooth(np.full(1000, 0.3), 0.99), 0.3)


def test_values_without_a_logarithm_are_skipped():
    values = np.array([1.0, np.nan, np.inf, 0.0, -2.0, 1.0])
    assert_array_equal(np.isnan(smooth(values, 0.9)), [False, True, True, True, True, False])
    assert smooth(values, 0.9)[-1] == pytest.approx(1.0)


def test_the_first_average_is_the_first_value_even_if_it_is_very_small():
    assert smooth(np.array([1e-300, 1e300]), 0.5)[0] == pytest.approx(1e-300)
