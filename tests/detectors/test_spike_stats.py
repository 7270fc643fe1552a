"""Statistics of spikes, compared with known values."""

import pytest

from memlab.detectors.spike_stats import period, spike_stats
from memlab.record.events import Spike


def spike(onset: int, height: float, recovery: int | None) -> Spike:
    return Spike(
        step=onset + 500,
        onset=onset,
        base=1e-3,
        peak=1e-3 * 10**height,
        peak_step=onset + 2,
        recovered_at=None if recovery is None else onset + recovery,
        label="spike" if recovery else "lingering",
        details={"height": height},
    )


def test_statistics_are_counts_and_medians() -> None:
    stats = spike_stats([spike(100, 1.0, 10), spike(400, 3.0, None), spike(1900, 2.0, 30)], 2000)
    assert (stats.n, stats.per_1000_steps, stats.height, stats.recovery) == (3, 1.5, 2.0, 20)
    assert stats.period is None


def test_a_run_without_spikes_has_no_medians() -> None:
    stats = spike_stats([], 0)
    assert (stats.n, stats.per_1000_steps, stats.height, stats.period) == (0, 0.0, None, None)


def test_a_period_is_stated_if_intervals_are_similar() -> None:
    assert period([100, 1400, 2680, 4010, 5300]) == pytest.approx(1295)
    assert period([100, 1400, 2680, 4010]) is None
    assert period([100, 200, 1900, 2100, 5300, 5350]) is None
