"""Axes and ticks equal those of plotext."""

import random

import numpy as np
import plotext as plt
import pytest

from memlab.charts import Chart, Series, as_text, draw, layout


def plotext_axes(where) -> list[str]:
    """The axes of an empty chart, drawn by plotext."""
    plt.clear_figure()
    plt.limit_size(False, False)
    plt.plotsize(where.left + where.columns, where.rows + 2)
    plt.theme("clear")
    plt.xaxes(True, False)
    plt.yaxes(True, False)
    plt.xlim(0, where.columns - 1)
    plt.ylim(0, where.rows - 1)
    plt.xticks([where.column(x) for x, _ in where.x_ticks], [text for _, text in where.x_ticks])
    plt.yticks([where.row(y) for y, _ in where.y_ticks], [text for _, text in where.y_ticks])
    plt.scatter([0], [0], marker=" ")
    return plt.uncolorize(plt.build()).rstrip("\n").split("\n")


@pytest.mark.parametrize("seed", range(20))
def test_axes_equal_those_of_plotext(seed):
    rng = random.Random(seed)
    low = rng.uniform(0, 1e6)
    x = np.linspace(low, low + 10 ** rng.uniform(1, 6), 50)
    y = np.geomspace(1, 10 ** rng.uniform(0.1, 5), 50)
    chart = Chart(series=(Series("loss", x, y, "train"),), y_log=rng.random() < 0.5)
    width, height = rng.randint(40, 180), rng.randint(8, 40)
    where = layout(chart, width, height)
    assert where is not None
    lines = as_text(draw(chart, width, height)).split("\n")[where.top :]
    expected = plotext_axes(where)
    assert [line.rstrip() for line in lines[-2:]] == [line.rstrip() for line in expected[-2:]]
    axis = [line.ljust(where.left)[: where.left] for line in lines[:-2]]
    assert axis == [line[: where.left] for line in expected[:-2]]


def test_an_axis_of_steps_has_ticks_only_at_whole_steps():
    line = Series("loss", np.arange(3), np.ones(3), "train")
    chart = Chart(series=(line,), x_range=(0, 2), x_whole=True)
    where = layout(chart, 120, 12)
    assert where is not None
    assert [label for _, label in where.x_ticks] == ["0", "1", "2"]
