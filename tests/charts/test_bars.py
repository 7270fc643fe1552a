import numpy as np

from memlab.charts import bars, sparkline


def test_a_sparkline_follows_its_values():
    assert sparkline(np.arange(8.0), 8, log=False) == "▁▂▃▄▅▆▇█"


def test_a_sparkline_has_a_logarithmic_scale_by_default():
    assert sparkline(10.0 ** -np.arange(8.0), 8) == "█▇▆▅▄▃▂▁"


def test_a_sparkline_has_its_width_for_any_values():
    for values in ([], [1.0], [2.0] * 9, [np.nan] * 5, [0.0, -1.0], [1e300, 1e-300, np.inf]):
        assert len(sparkline(np.array(values), 12)) == 12


def test_a_sparkline_without_values_is_blank():
    assert sparkline(np.array([np.nan, 0.0, -1.0]), 3) == "   "


def test_bars_are_proportional_to_their_counts():
    assert bars([("0-99", 4), ("100+", 2), ("never", 0)], 15) == [
        " 0-99 ███████ 4", " 100+ ███▌ 2", "never  0"
    ]  # fmt: skip


def test_a_count_of_zero_has_no_bar():
    assert bars([], 20) == []
    assert bars([("a", 0)], 20) == ["a  0"]
