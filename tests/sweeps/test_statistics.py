"""Statistics over seeds, compared with scipy and with values computed by hand; their footer."""

import math
from types import ModuleType, SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from memlab.sweeps.footer import footer_lines
from memlab.sweeps.statistics import (
    final_values,
    geometric,
    paired_difference,
    sign_flip_p,
    steps_to_event,
    survival,
)


@pytest.fixture(scope="module")
def stats() -> ModuleType:
    """scipy.stats, whose import takes seconds."""
    from scipy import stats

    return stats


RUNS = st.lists(st.tuples(st.integers(1, 12), st.booleans()), min_size=1, max_size=12)


@given(RUNS)
def test_survival_agrees_with_scipy(stats, runs):
    times, reached = [t for t, _ in runs], [r for _, r in runs]
    if not any(reached):
        assert len(survival(times, reached)[0]) == 0
        return
    data = stats.CensoredData(
        uncensored=[t for t, r in runs if r], right=[t for t, r in runs if not r]
    )
    expected = stats.ecdf(data).sf
    steps, share = survival(times, reached)
    assert np.allclose(share, expected.evaluate(steps))


@given(RUNS)
def test_the_median_is_the_first_step_that_half_of_the_runs_have_reached(stats, runs):
    times, reached = [t for t, _ in runs], [r for _, r in runs]
    summary = steps_to_event(times, reached)
    if not any(reached):
        assert summary.median is None
        return
    data = stats.CensoredData(
        uncensored=[t for t, r in runs if r], right=[t for t, r in runs if not r]
    )
    expected = stats.ecdf(data).sf
    at_half = [t for t in range(13) if expected.evaluate(t) <= 0.5 + 1e-9]
    assert summary.median == (at_half[0] if at_half else None)


@given(st.lists(st.integers(1, 100), min_size=1, max_size=9))
def test_without_censoring_the_median_is_an_order_statistic(times):
    assert steps_to_event(times, [True] * len(times)).median == sorted(times)[(len(times) - 1) // 2]


def test_a_censored_run_is_shown_as_more_than_its_last_step():
    summary = steps_to_event([2900, 4100, 3500, 20000, 5200], [True, True, True, False, True])
    assert str(summary) == "4/5, median 4,100 (2,900 to >20,000)"
    assert (summary.high, summary.censored_at) == (None, 20000)


@pytest.mark.parametrize(
    "times, reached, text",
    [
        ([20000] * 3, [False] * 3, "0/3, median >20,000"),
        ([100, 20000, 20000], [True, False, False], "1/3, median >20,000 (100 to >20,000)"),
        ([100, 200, 400], [True] * 3, "3/3, median 200 (100 to 400)"),
        ([100], [True], "1/1, median 100"),
        ([], [], "-"),
    ],
)
def test_steps_to_event_as_text(times, reached, text):
    assert str(steps_to_event(times, reached)) == text


def test_a_run_that_diverged_early_is_censored_at_its_end():
    # After the loss at step 10 three runs are left: 1, 2/3, 1/3, 0.
    steps, share = survival([10, 100, 200, 300], [False, True, True, True])
    assert steps == [100, 200, 300]
    assert np.allclose(share, [2 / 3, 1 / 3, 0])


@given(st.lists(st.floats(-1e6, 1e6), min_size=2, max_size=8))
def test_final_values_agree_with_numpy(values):
    summary = final_values(values)
    assert math.isclose(summary.mean, np.mean(values), rel_tol=1e-9, abs_tol=1e-9)
    assert math.isclose(summary.std, np.std(values, ddof=1), rel_tol=1e-9, abs_tol=1e-9)
    assert (summary.n, summary.min, summary.max) == (len(values), min(values), max(values))
    assert summary.median == np.median(values)


@pytest.mark.parametrize(
    "values", [[1.0, math.inf], [math.inf], [-math.inf, math.inf], [math.nan, 1.0], [1e308] * 3]
)
def test_nan_and_infinity_propagate(values):
    summary = final_values(values)
    with np.errstate(all="ignore"):
        expected = [np.mean(values), np.min(values), np.max(values), np.median(values)]
    assert np.array_equal(
        [summary.mean, summary.min, summary.max, summary.median], expected, equal_nan=True
    )
    assert summary.std is None or not math.isfinite(summary.std)


def test_one_run_has_no_standard_deviation_and_no_run_has_no_mean():
    assert final_values([0.5]).std is None
    assert final_values([]).n == 0
    assert final_values([]).mean is None


@given(st.lists(st.floats(1e-6, 1e3), min_size=2, max_size=8))
def test_geometric_values_agree_with_scipy(stats, values):
    found = geometric(values)
    assert math.isclose(found["geometric_mean"], stats.gmean(values), rel_tol=1e-9)
    if max(values) > min(values) * (1 + 1e-6):  # scipy refuses differences of rounding errors
        assert math.isclose(found["geometric_std"], stats.gstd(values), rel_tol=1e-6)


def test_a_loss_of_zero_has_no_geometric_mean():
    assert geometric([0.0, 1.0]) == {}


@given(st.lists(st.integers(-20, 20), min_size=4, max_size=7).filter(any))
def test_the_p_value_agrees_with_the_exact_permutation_test_of_scipy(stats, differences):
    expected = stats.permutation_test(
        (np.array(differences, float),),
        lambda x: np.mean(x),
        permutation_type="samples",
        n_resamples=np.inf,
        alternative="two-sided",
    )
    assert math.isclose(sign_flip_p(differences), expected.pvalue, rel_tol=1e-9)


def test_three_pairs_have_no_p_value():
    assert paired_difference([1, 2, 3], [2, 3, 4]).p is None
    assert paired_difference([1, 2, 3, 4], [2, 3, 4, 5]).p == 2 / 16


def test_the_footer_names_one_seed_or_several():
    footer = dict.fromkeys(("unfinished", "failed", "diverged", "stopped"), 0) | {
        "seeds": [0], "vary": ["seed"], "missing": [], "budget": [400], "evaluation_every": [20], "events": {},
        "settings": {}, "fork": None, "threads": [1], "versions": [],
    }  # fmt: skip
    first = footer_lines(SimpleNamespace(footer=footer))[0]
    assert first == "Seed 0 sets training.seed. Budget 400 steps."
    footer["seeds"] = [0, 1]
    first = footer_lines(SimpleNamespace(footer=footer))[0]
    assert first == "Seeds 0, 1 set training.seed. Budget 400 steps."
