"""Statistics of spikes of which one is open."""

from memlab.detectors.spike_stats import spike_stats
from memlab.record.events import Spike


def test_an_open_spike_is_counted_without_height_and_recovery():
    closed = Spike(step=30, onset=10, base=0.1, peak=1.0, peak_step=11, recovered_at=20,
                   label="spike", details={"height": 1.0})  # fmt: skip
    opened = Spike(step=90, onset=80, base=0.1, peak=9.0, peak_step=90, recovered_at=None,
                   label="open")  # fmt: skip
    stats = spike_stats([closed, opened], steps=100)
    assert (stats.n, stats.height, stats.recovery) == (2, 1.0, 10.0)
