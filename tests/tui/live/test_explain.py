"""The key that explains a spike: progress of the process, then a table and curves."""

import asyncio
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from textual.widgets import Static

from memlab.errors import RunError
from memlab.record.explanation import read_explanation
from memlab.record.folder import RunFolder
from memlab.record.history import History
from memlab.tui.explain.trials import ShownTrials, TrialsPlot, trials_chart
from memlab.tui.live.explain import spike_at
from memlab.tui.live.frame import text_of
from memlab.tui.training_functions import Analysis, ReportProgress

Open = Callable[..., Any]


def no_pictures(folder: RunFolder, step: int, report: ReportProgress) -> None:
    raise AssertionError("pictures were not requested")


def onset_of(folder: RunFolder) -> int:
    (spike,) = History(folder).until().closed_spikes
    return spike.onset


async def until_explained(pilot: Any) -> None:
    await pilot.app.workers.wait_for_complete()
    await pilot.pause()


async def test_progress_then_the_table_and_the_curve_of_the_change_in_focus(
    opened: Open, finished: RunFolder, store_explanation: Callable[..., None]
) -> None:
    calls, shown = [], []

    def explain(folder: RunFolder, onset: int, report: ReportProgress) -> None:
        calls.append((folder.id, onset))
        assert report("recomputing from step 0")
        shown.append(text_of(pilot.app))
        store_explanation(folder, onset)

    async with opened(finished) as (pilot, screen):
        pilot.app.analysis = Analysis(explain, no_pictures)
        await pilot.press("E")
        await until_explained(pilot)
        onset = onset_of(finished)
        assert calls == [(finished.id, onset)]
        assert "recomputing from step 0" in shown[0]
        text = text_of(pilot.app)
        assert f"Weight decay 0 alone prevents the spike at step {onset}." in text
        assert "placebo 5" in text and "information" in text
        await pilot.press("down")
        await pilot.pause()
        plot = pilot.app.screen.query_one(TrialsPlot)
        assert plot.view_state.focused.name == "weight decay 0"
        await pilot.press("escape")
        assert pilot.app.screen is screen
        await pilot.press("E")
        await until_explained(pilot)
        assert len(calls) == 1, "what is kept is not computed again"


async def test_a_failure_is_shown_and_the_screen_can_be_closed(
    opened: Open, finished: RunFolder
) -> None:
    def explain(folder: RunFolder, onset: int, report: ReportProgress) -> None:
        report("recomputed rows differ from step 3 on")
        raise RunError("recomputed rows differ from step 3 on")

    async with opened(finished, size=(80, 24)) as (pilot, screen):
        pilot.app.analysis = Analysis(explain, no_pictures)
        await pilot.press("E")
        await until_explained(pilot)
        assert text_of(pilot.app).count("recomputed rows differ from step 3 on") == 1
        await pilot.press("escape")
        assert pilot.app.screen is screen


async def test_closing_the_screen_stops_the_computation(opened: Open, finished: RunFolder) -> None:
    begun, left, ended = threading.Event(), threading.Event(), threading.Event()
    answers: list[bool] = []

    def explain(folder: RunFolder, onset: int, report: ReportProgress) -> None:
        answers.append(report("one"))
        begun.set()
        assert left.wait(60)
        answers.append(report("two"))
        ended.set()

    async with opened(finished) as (pilot, _):
        pilot.app.analysis = Analysis(explain, no_pictures)
        await pilot.press("E")
        assert await asyncio.to_thread(begun.wait, 60)
        await pilot.press("escape")
        await pilot.pause()
        left.set()
        assert await asyncio.to_thread(ended.wait, 60)
    assert answers == [True, False]


async def test_without_a_process_only_stored_explanations_are_shown(
    opened: Open, finished: RunFolder, store_explanation: Callable[..., None]
) -> None:
    async with opened(finished) as (pilot, screen):
        await pilot.press("E")
        await pilot.pause()
        assert pilot.app.screen is screen
        store_explanation(finished, onset_of(finished))
        await pilot.press("E")
        await pilot.pause()
        assert "Weight decay 0 alone" in str(
            pilot.app.screen.query_one("#sentence", Static).render()
        )


def test_the_spike_at_the_cursor_is_explained_else_the_highest(finished: RunFolder) -> None:
    (spike,) = History(finished).until().closed_spikes
    low = replace(spike, onset=100, step=150, recovered_at=140, peak=spike.peak / 2)
    assert spike_at([low, spike], None) is spike
    assert spike_at([low, spike], 120.0) is low
    assert spike_at([low, spike], 160.0) is low
    assert spike_at([low, spike], float(spike.onset - 1)) is spike
    assert spike_at([], 3.0) is None


def test_the_change_in_focus_is_drawn_over_the_others_and_named(
    finished: RunFolder, store_explanation: Callable[..., None], tmp_path: Path
) -> None:
    store_explanation(finished, 901)
    known = read_explanation(finished, 901)
    assert known is not None
    chart = trials_chart(ShownTrials(known, 1), y_log=True)
    assert len(chart.series) == len(known.changes)
    assert chart.series[-1].name == "weight decay 0"
    assert sorted(series.name for series in chart.series if series.name) == [
        "no change", "weight decay 0",
    ]  # fmt: skip
    damaged = finished.derived / "explain" / "spike-000000901.json"
    damaged.write_bytes(damaged.read_bytes().replace(b"prevents", b"prevent5"))
    assert read_explanation(finished, 901) is None
