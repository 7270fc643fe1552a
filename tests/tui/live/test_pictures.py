"""The key that shows pictures of the model at the nearest checkpoint."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from memlab.charts import draw
from memlab.record import checkpoints
from memlab.record.folder import RunFolder
from memlab.record.model_pictures import ModelPictures, keep_pictures
from memlab.tui.live.frame import text_of
from memlab.tui.pictures.panels import LogitTablePanel, spectrum_chart
from memlab.tui.training_functions import Analysis, ReportProgress

Open = Callable[..., Any]


def keep(folder: RunFolder, step: int) -> None:
    values = np.random.default_rng(step).normal(size=(7, 7)) + 1.0
    attention = np.full((1, 2, 3, 3), 1 / 3)
    pictures = ModelPictures(folder.id, step, ("3", "4", "="), attention, np.arange(1.0, 4), values)
    keep_pictures(folder, pictures)


def no_explanation(folder: RunFolder, onset: int, report: ReportProgress) -> None:
    raise AssertionError("nobody asked for an explanation")


async def test_pictures_of_the_nearest_checkpoint_are_computed_once_and_shown(
    opened: Open, finished: RunFolder, settle: Any, monkeypatch: Any
) -> None:
    monkeypatch.setattr(checkpoints.Checkpoints, "steps", lambda self: [0, 700, 1400])
    asked = []

    def compute(folder: RunFolder, step: int, report: ReportProgress) -> None:
        asked.append(step)
        assert report("recomputing")
        keep(folder, step)

    async with opened(finished, 600) as (pilot, screen):
        pilot.app.analysis = Analysis(no_explanation, compute)
        await pilot.press("a")
        await settle(pilot.app, pilot)
        assert asked == [700]
        text = text_of(pilot.app)
        assert "checkpoint at step 700" in text
        assert "attention on 3 4 =" in text and "head 0.1" in text and "% correct" in text
        await pilot.press("right_square_bracket")
        await settle(pilot.app, pilot)
        assert "checkpoint at step 1,400" in text_of(pilot.app)
        await pilot.press("left_square_bracket", "tab", "tab", "f")
        await pilot.pause()
        assert asked == [700, 1400]
        panels = [panel for panel in pilot.app.screen.query("Panel") if panel.display]
        assert [type(panel) for panel in panels] == [LogitTablePanel]
        await pilot.press("escape")
        assert pilot.app.screen is screen


async def test_without_a_checkpoint_or_a_process_a_message_is_shown(
    opened: Open, finished: RunFolder, monkeypatch: Any
) -> None:
    async with opened(finished) as (pilot, screen):
        await pilot.press("a")
        await pilot.pause()
        assert pilot.app.screen is screen
        monkeypatch.setattr(checkpoints.Checkpoints, "steps", lambda self: [1400])
        await pilot.press("a")
        await pilot.pause()
        assert pilot.app.screen is screen
        keep(finished, 1400)
        await pilot.press("a")
        await pilot.pause()
        assert "checkpoint at step 1,400" in text_of(pilot.app)


HALVES = {"▌": "#.", "▐": ".#"}


@pytest.mark.parametrize("columns", [42, 57, 98, 118])
@pytest.mark.parametrize("y_log", [True, False])
def test_every_frequency_has_a_bar_of_its_own(columns: int, y_log: bool) -> None:
    """Counts contiguous groups of painted half cells in a row below the tops of the bars."""
    chart = spectrum_chart(np.linspace(2.0, 3.0, 29), columns, y_log=y_log)
    row = draw(chart, columns, 16)[11]
    halves = "".join(
        HALVES.get(glyph, ".." if fragment.ground is None else "##")
        for fragment in row
        for glyph in fragment.text
    )
    assert len(halves.replace(".", " ").split()) == 29
