"""The grid of charts, the settings panel, and the space of empty panels."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from memlab.detectors.observer import RunObserver
from memlab.record.events import Edited, Ended, Evaluated, Rows, Samples
from memlab.record.folder import RunFolder
from memlab.record.history import History
from memlab.record.recording import OtherRun, Recording, Source
from memlab.tui.console_state import ConsoleState
from memlab.tui.live.chart_grid import MAX_SIZE, ChartGrid, GridChoice, all_charts
from memlab.tui.live.chart_panel import ChartPanel
from memlab.tui.live.frame import text_of
from memlab.tui.live.settings_panel import SettingsPanel, setting_lines

Open = Callable[..., Any]
HOSTILE = "[red]x[/] [@click=app.quit]q[/] \x1b[31m\x1b]0;t\x07 \u202egnp\u200b\n\t\x00 " + "w" * 99


def write_evaluations(folder: RunFolder, begin_run: Any, *names: str, n: int = 3) -> None:
    with begin_run(folder) as writer:
        writer.write(Rows(step=40, values=np.ones((40, 5), np.float32)))
        for i in range(n):
            writer.write(Evaluated(step=20 * i, values={name: float(i) for name in names}))
        writer.write(Ended(step=40, reason="finished"))
        writer.end("finished", 40, {})


@given(st.integers(-9, 9), st.integers(-9, 9), st.text(max_size=9))
def test_a_grid_choice_is_stored_and_restored(rows: int, columns: int, words: str) -> None:
    choice = GridChoice(words=words).sized(rows, columns)
    assert 1 <= choice.rows <= MAX_SIZE and 1 <= choice.columns <= MAX_SIZE
    assert GridChoice.read(str(choice)) == choice


@pytest.mark.parametrize("text", [None, "", "x", "0x3", "2x99 a", "-1x2", "twoxtwo", "2x"])
def test_any_other_text_is_the_default_grid(text: str | None) -> None:
    assert GridChoice.read(text) == GridChoice()


def test_every_name_is_on_exactly_one_page() -> None:
    names = [f"m{i}" for i in range(11)]
    choice = GridChoice(rows=2, columns=2)
    pages = [choice.turned(i, len(names)).shown(names) for i in range(3)]
    assert [name for page in pages for name in page] == names
    assert choice.turned(3, len(names)) == choice


async def test_all_measures_are_shown_in_a_grid_with_one_cursor(
    opened: Open, finished: RunFolder
) -> None:
    async with opened(finished) as (pilot, screen):
        await pilot.press("f", "c", "ctrl+right")  # starting from one full-size chart
        await pilot.pause()
        names = list(all_charts(screen.viewer.view_state()))
        panels = list(screen.query("#grid ChartPanel"))
        assert all(panel.size for panel in panels)
        assert [panel.chosen for panel in panels] == names[:6]
        await pilot.press("v")
        await pilot.pause()
        assert {panel.view_state.viewport.reading for panel in panels} == {1400}
        await pilot.press("pagedown")
        await pilot.pause()
        assert [p.chosen for p in screen.query("#grid ChartPanel")] == names[6:12]


async def test_charts_are_filtered_by_name_and_one_is_enlarged(
    opened: Open, finished: RunFolder
) -> None:
    async with opened(finished) as (pilot, screen):
        await pilot.press("c", "slash", *"norm", "enter")
        await pilot.pause()
        panels = screen.query("#grid ChartPanel")
        assert [p.chosen for p in panels] == ["grad_norm", "weight_norm", "update_norm"]
        small = panels.first(ChartPanel).size
        panels.first(ChartPanel).focus()
        await pilot.press("enter")
        await pilot.pause()
        large = panels.first(ChartPanel).size
        assert large.width >= 2 * small.width - 2 and large.height >= 2 * small.height
        await pilot.press("escape")
        await pilot.pause()
        assert panels.first(ChartPanel).size == small


async def test_charts_are_filtered_by_the_names_of_their_curves(
    opened: Open, tmp_path: Path, new_run: Any, begin_run: Any
) -> None:
    folder = new_run(tmp_path)
    write_evaluations(folder, begin_run, "val_loss", "eval/acc_add", "eval/acc_sub", "norm/a")
    async with opened(folder) as (pilot, screen):
        for typed, found in (("acc", ["eval"]), ("val_l", ["loss"]), ("acc_add acc", ["eval"])):
            await pilot.press(
                *(["c"] if typed == "acc" else []), "slash", "ctrl+u", *typed, "enter"
            )
            await pilot.pause()
            assert [p.chosen for p in screen.query("#grid ChartPanel")] == found


async def test_an_imported_run_has_no_map_of_examples_and_no_settings(
    opened: Open, tmp_path: Path
) -> None:
    outline = OtherRun(source=Source("log.csv", "csv", "", {}))
    with Recording.create(tmp_path, "log", outline, lambda: RunObserver(loss="loss")) as recording:
        recording.add(np.arange(1, 51), {"loss": np.linspace(2, 1, 50)}, [])
    async with opened(recording.folder) as (pilot, screen):
        await pilot.press("m", "c", "i")
        await pilot.pause()
        assert list(all_charts(screen.viewer.view_state())) == ["loss"]
        assert "none recorded" in text_of(pilot.app)


async def test_the_size_of_the_grid_and_its_filter_are_stored(
    tmp_path: Path, opened: Open, finished: RunFolder
) -> None:
    state = ConsoleState(tmp_path / "console.json")
    state.keep("chart_grid", "3x1 norm")
    async with opened(finished, state=state) as (pilot, screen):
        assert screen.query_one(ChartGrid).choice == GridChoice(3, 1, "norm")
        await pilot.press("c", "ctrl+right")
    assert state.recall("chart_grid") == "3x2 norm"


async def test_a_filter_that_no_chart_matches_is_explained_and_refused(
    opened: Open, finished: RunFolder
) -> None:
    async with opened(finished) as (pilot, screen):
        await pilot.press("c", "slash", *"nothing", "enter")
        await pilot.pause()
        assert "no chart has 'nothing' in its name" in text_of(pilot.app)
        await pilot.press(*["backspace"] * 7, *"norm", "enter")
        await pilot.pause()
        assert {panel.chosen for panel in screen.query("#grid ChartPanel")} == {
            "grad_norm", "weight_norm", "update_norm",
        }  # fmt: skip


async def test_a_stored_filter_that_no_chart_matches_is_explained_and_can_be_changed(
    tmp_path: Path, opened: Open, finished: RunFolder
) -> None:
    state = ConsoleState(tmp_path / "console.json")
    state.keep("chart_grid", "2x2 nothing")
    async with opened(finished, size=(80, 24), state=state) as (pilot, screen):
        await pilot.press("c", "v", "right", "plus")
        await pilot.pause()
        assert not screen.query("#grid ChartPanel")
        text = text_of(pilot.app)
        assert "no chart has 'nothing' in its name" in text and "/ changes the filter" in text
        await pilot.press("slash", *["backspace"] * 7, "enter")
        await pilot.pause()
        assert screen.query("#grid ChartPanel")
        assert "no chart has" not in text_of(pilot.app)


async def test_a_search_that_no_setting_matches_is_explained_and_refused(
    opened: Open, finished: RunFolder
) -> None:
    async with opened(finished) as (pilot, _):
        await pilot.press("i")
        await pilot.pause()
        await pilot.press("slash", *"nothing", "enter")
        await pilot.pause()
        assert "no setting contains 'nothing'" in text_of(pilot.app)
        await pilot.press("escape")
        await pilot.pause()
        assert "optimizer.lr" in text_of(pilot.app)


def test_settings_that_differ_from_the_preset_or_were_edited_come_first(
    tmp_path: Path, new_run: Any, begin_run: Any
) -> None:
    folder = new_run(tmp_path)
    with begin_run(folder) as writer:
        writer.write(Edited(step=7, changes={"optimizer.lr": 0.5}))
    current = {"task.kind": "copy", "optimizer.lr": 0.1, "model.n_layers": 2}
    preset = {"task.kind": "copy", "optimizer.lr": 0.1, "model.n_layers": 1}
    lines = setting_lines(current, preset, History(folder).until())
    assert [(line.key, line.preset_value, line.edits) for line in lines] == [
        ("optimizer.lr", None, ((7, "0.5"),)),
        ("model.n_layers", "1", ()),
        ("task.kind", None, ()),
    ]


async def test_settings_are_shown_next_to_the_curves_and_searched(
    opened: Open, finished: RunFolder
) -> None:
    async with opened(finished) as (pilot, screen):
        await pilot.press("i")
        await pilot.pause()
        assert screen.query_one(SettingsPanel).has_focus
        assert "✎ 0.0003 at step 7" in text_of(pilot.app)
        assert screen.query_one("#loss").size.width > 0
        await pilot.press("slash", *"weight_decay", "enter")
        await pilot.pause()
        assert "optimizer.weight_decay 1.0" in " ".join(text_of(pilot.app).split())
        assert "optimizer.lr" not in text_of(pilot.app)


async def test_panels_without_content_give_up_their_space(
    opened: Open, tmp_path: Path, new_run: Any, begin_run: Any
) -> None:
    folder = new_run(tmp_path)
    write_evaluations(folder, begin_run, "val_loss")
    async with opened(folder) as (pilot, screen):
        await pilot.pause()
        assert not screen.query_one("#samples").display
        assert not screen.query_one("#accuracy").display
        body = screen.query_one("#first").size.height
        assert screen.query_one("#loss").outer_size.height == body


async def test_a_constant_accuracy_gives_up_its_space_and_a_varying_one_keeps_it(
    opened: Open, tmp_path: Path, new_run: Any, begin_run: Any
) -> None:
    constant, varying = new_run(tmp_path / "a"), new_run(tmp_path / "b")
    with begin_run(constant) as writer:
        for step in (0, 20, 40):
            writer.write(Evaluated(step=step, values={"val_accuracy": 0.5}))
        writer.write(Samples(step=40, samples=[]))
        writer.write(Ended(step=40, reason="finished"))
        writer.end("finished", 40, {})
    write_evaluations(varying, begin_run, "val_accuracy")
    for folder, is_shown in ((constant, False), (varying, True)):
        async with opened(folder) as (pilot, screen):
            await pilot.pause()
            assert screen.query_one("#accuracy").display is is_shown


async def test_hostile_names_are_text_in_the_grid_and_the_settings(
    opened: Open, tmp_path: Path, new_run: Any, begin_run: Any
) -> None:
    folder = new_run(tmp_path)
    write_evaluations(folder, begin_run, HOSTILE, "val_loss")
    folder.description["preset"]["task"][HOSTILE] = HOSTILE
    async with opened(folder) as (pilot, _):
        await pilot.press("c", "i", *["ctrl+right"] * 3)
        await pilot.pause()
        text = text_of(pilot.app)
        assert "[red]x[/]" in text
        assert not set("\x1b\x07\x00\t\u202e\u200b") & set(text)
        assert all(len(line) <= 120 for line in text.split("\n"))
