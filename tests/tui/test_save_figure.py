"""The key that saves the visible charts as a figure."""

from pathlib import Path

import numpy as np
from PIL import Image

from memlab.charts import Chart, Series, Tiles
from memlab.figures.shown_charts import save_shown_charts


def chart(high: float) -> Chart:
    x = np.arange(1.0, 101.0)
    series = Series("val", x, 1 / x, "val")
    return Chart(series=(series,), x_log=True, y_log=True, x_range=(10.0, high))


def test_the_visible_charts_become_one_figure_that_names_its_runs(tmp_path: Path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    tiles = Tiles(np.array([10.0, 20.0, np.inf]), blank="not trained on")
    panels = [("loss", False, chart(50.0)), ("first learned", False, tiles)]
    path = save_shown_charts(panels, {"run-1": "a $ name", "run-2": ""}, "step")
    assert path == tmp_path / "run-1-and-1-loss.png"
    with Image.open(path) as picture:
        assert picture.info["Description"].startswith("runs: run-1, run-2;")


def test_an_existing_figure_is_kept(tmp_path: Path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    paths = [
        save_shown_charts([("loss", False, chart(50.0))], {"run": "x"}, "step") for _ in range(2)
    ]
    assert [path.name for path in paths] == ["run-loss.png", "run-loss-2.png"]


def test_the_window_of_the_chart_is_the_window_of_the_figure(tmp_path: Path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    wide = save_shown_charts([("loss", False, chart(90.0))], {"wide": ""}, "step")
    narrow = save_shown_charts([("loss", False, chart(20.0))], {"narrow": ""}, "step")
    with Image.open(wide) as first, Image.open(narrow) as second:
        assert np.any(np.asarray(first) != np.asarray(second))
