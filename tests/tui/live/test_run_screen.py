"""The Live and Replay screen, used with keys; tests call `poll` instead of a timer."""

import shutil
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from textual.events import MouseScrollUp
from textual.pilot import Pilot
from textual.strip import Strip
from textual.widgets import Input

from memlab.record.attempt_writer import AttemptWriter
from memlab.record.commands import CheckpointNow, Edit, Inbox, Pause, Resume, Stop
from memlab.record.events import Checkpoint, Edited, Ended, Paused, Rows, Spike, SpikeOnset, Started
from memlab.record.events import Resumed as GoesOn
from memlab.record.folder import RunFolder
from memlab.tui.bar import Bar
from memlab.tui.live.chart_panel import ChartPanel
from memlab.tui.live.edit_form import EditForm
from memlab.tui.live.event_list import EventList
from memlab.tui.live.frame import text_of
from memlab.tui.live.panels import RunPanels
from memlab.tui.live.sample_list import SampleList
from memlab.tui.live.screen import RunScreen
from memlab.tui.live.scrubber import Scrubber
from memlab.tui.plots.panel import Panel
from memlab.tui.training_functions import TrainingFunctions

Open = Callable[..., Any]


def title(screen: RunScreen, panel: str) -> str:
    return screen.query_one(f"#{panel}", Panel).title.plain


async def settle(pilot: Pilot[None]) -> str:
    await pilot.pause()
    return text_of(pilot.app)


def last_message(pilot: Pilot[None]) -> str:
    """The last notification."""
    return [toast.message for toast in pilot.app._notifications][-1]


async def test_a_finished_run_opens_at_its_end(opened: Open, finished: RunFolder) -> None:
    async with opened(finished) as (pilot, screen):
        text = await settle(pilot)
        assert "made up" in text and "finished" in text and "step 1,400/1,400" in text
        assert "■ end" in text
        assert screen.query_one(SampleList).view_state.step == 1400


async def test_steps_by_evaluation_event_and_number(opened: Open, finished: RunFolder) -> None:
    async with opened(finished, 500) as (pilot, screen):
        await pilot.press("right_square_bracket")
        assert screen.viewer.cursor.at == 520
        await pilot.press("left_square_bracket", "left_square_bracket")
        assert screen.viewer.cursor.at == 480
        await pilot.press("right_curly_bracket")
        assert screen.viewer.cursor.at == 901
        await pilot.press("left_curly_bracket")
        assert screen.viewer.cursor.at == 420
        await pilot.press("g", "7", "7", "7", "enter")
        assert screen.viewer.cursor.at == 777
        await pilot.press("home")
        assert screen.viewer.cursor.at == 0
        await pilot.press("end")
        assert screen.viewer.cursor.at is None


@pytest.mark.parametrize("digits", [4, 5000])
async def test_a_step_beyond_the_run_is_refused(
    opened: Open, finished: RunFolder, digits: int
) -> None:
    async with opened(finished, 500) as (pilot, screen):
        await pilot.press("g")
        pilot.app.screen.query_one(Input).value = "9" * digits
        await pilot.press("enter")
        assert "a step from 0 to 1,400" in await settle(pilot)
        await pilot.press("escape")
        assert screen.viewer.cursor.at == 500


async def test_playing_advances_with_the_seconds(opened: Open, finished: RunFolder) -> None:
    async with opened(finished, 100) as (pilot, screen):
        await pilot.press("space")
        assert screen.viewer.cursor.playing
        screen.viewer.cursor.rate, screen.viewer.cursor.speed = 100.0, 2.0
        screen.poll(1.5)
        assert screen.viewer.cursor.at == 400
        await pilot.press("greater_than_sign")
        assert screen.viewer.cursor.speed == 4.0
        await pilot.press("space")
        screen.poll(1.5)
        assert screen.viewer.cursor.at == 400


async def test_the_scrubber_is_dragged_with_the_mouse(opened: Open, finished: RunFolder) -> None:
    async with opened(finished) as (pilot, screen):
        width = screen.query_one(Scrubber).size.width
        await pilot.mouse_down(Scrubber, offset=(width // 4, 0))
        await pilot.pause()
        assert 200 < screen.viewer.cursor.at < 500
        await pilot.hover(Scrubber, offset=(width // 2, 0))
        assert 600 < screen.viewer.cursor.at < 900
        await pilot.mouse_up(Scrubber, offset=(width // 2, 0))
        await pilot.hover(Scrubber, offset=(5, 0))
        assert 600 < screen.viewer.cursor.at < 900


async def test_reading_shows_values_and_the_samples_of_that_step(
    opened: Open, finished: RunFolder
) -> None:
    async with opened(finished) as (pilot, screen):
        await pilot.press("n")
        assert screen.viewport.reading == 901
        assert "step 901" in title(screen, "loss") and "grad_norm" in title(screen, "loss")
        assert "step 900" in title(screen, "samples")
        await pilot.press("left")
        assert screen.viewport.reading < 901
        await pilot.press("escape")
        assert screen.viewport.reading is None
        assert "step 1,400" in title(screen, "samples")


async def test_the_replay_moves_to_a_later_spike(opened: Open, finished: RunFolder) -> None:
    async with opened(finished, 500) as (pilot, screen):
        for start in ("home", "G", "home"):
            await pilot.press("escape", start, "n")
            assert screen.viewport.reading == 901
            assert screen.viewer.cursor.at == (901 if start == "home" else None)
            assert "step 901" in title(screen, "loss")


async def test_an_open_spike_is_read_too(
    opened: Open, live: tuple[RunFolder, AttemptWriter, Any]
) -> None:
    folder, writer, events = live
    async with opened(folder) as (pilot, screen):
        await pilot.press("n")
        assert last_message(pilot) == "no spike in this run"
        for event in events:
            writer.write(event)
            if isinstance(event, SpikeOnset):
                break
        screen.poll()
        await pilot.press("n")
        assert screen.viewport.reading == 901 and screen.viewer.following


async def test_a_missing_next_spike_is_reported(opened: Open, finished: RunFolder) -> None:
    async with opened(finished) as (pilot, screen):
        await pilot.press("n", "n")
        assert last_message(pilot) == "no spike after step 901"
        await pilot.press("N")
        assert last_message(pilot) == "no spike before step 901"
        assert screen.viewport.reading == 901


async def test_the_mouse_reads_along_on_a_chart(opened: Open, finished: RunFolder) -> None:
    async with opened(finished) as (pilot, screen):
        panel = screen.query_one("#loss", ChartPanel)
        await pilot.click(panel, offset=(panel.size.width // 2, 5))
        await pilot.pause()
        assert 500 < screen.viewport.reading < 900


async def test_the_wheel_zooms_where_the_mouse_is_and_pans_with_shift(
    opened: Open, finished: RunFolder
) -> None:
    async with opened(finished) as (pilot, screen):
        panel = screen.query_one("#loss", ChartPanel)
        at = {"x": panel.size.width // 2, "y": 5, "delta_x": 0, "delta_y": 0, "button": 0}
        keys = {"shift": False, "meta": False, "ctrl": False}
        panel.post_message(MouseScrollUp(panel, **at, **keys))
        await pilot.pause()
        low, high = screen.viewport.span(screen.extent)
        assert 0 < low < 200 and high - low == pytest.approx(1400 * 0.8)
        panel.post_message(MouseScrollUp(panel, **at, **keys | {"shift": True}))
        await pilot.pause()
        assert screen.viewport.span(screen.extent)[0] < low


async def test_titles_can_be_clicked(opened: Open, finished: RunFolder) -> None:
    async with opened(finished) as (pilot, screen):
        samples = screen.query_one(SampleList)
        await pilot.click(samples, offset=(title(screen, "samples").index("wrong") + 3, 0))
        assert samples.filter == "wrong"
        third = screen.query_one("#third", ChartPanel)
        await pilot.click(third, offset=(4, 0))
        assert third.chosen == "lr"
        await pilot.click(third, offset=(title(screen, "third").index("linear y") + 3, 0))
        assert third.y_log


async def test_the_sign_before_the_time_line_plays(opened: Open, finished: RunFolder) -> None:
    async with opened(finished, 100) as (pilot, screen):
        await pilot.click(Scrubber, offset=(3, 0))
        assert screen.viewer.cursor.playing


async def test_zoom_pan_and_reset(opened: Open, finished: RunFolder) -> None:
    async with opened(finished) as (pilot, screen):
        await pilot.press("plus")
        assert screen.viewport.span(screen.extent) == (350, 1050)
        await pilot.press("right")
        assert screen.viewport.span(screen.extent) == (525, 1225)
        assert "steps 525 to 1,225" in title(screen, "loss")
        await pilot.press("minus")
        await pilot.press("0")
        assert screen.viewport.window is None


async def test_axes_smoothing_and_marker(opened: Open, finished: RunFolder) -> None:
    async with opened(finished) as (pilot, screen):
        await pilot.press("y", "x", "s", "o", "M")
        assert title(screen, "loss") == "loss · linear y · log x · smoothing 0.5 · without outliers"
        assert screen.viewport.blocks
        await pilot.press("S")
        assert "raw" in title(screen, "loss")


async def test_the_third_chart_goes_through_the_measures(opened: Open, finished: RunFolder) -> None:
    async with opened(finished) as (pilot, screen):
        seen = []
        for _ in range(6):
            await pilot.press("m")
            seen.append(screen.query_one("#third", ChartPanel).chosen)
            logarithmic = screen.query_one("#third", ChartPanel).y_log
            assert logarithmic == seen[-1].endswith("norm")
        assert seen == [
            "lr", "weight_norm", "update_norm", "first learned", "token_accuracy", "grad_norm"
        ]  # fmt: skip


async def test_in_a_narrow_terminal_the_key_for_measures_first_shows_the_third_chart(
    opened: Open, finished: RunFolder
) -> None:
    async with opened(finished, size=(80, 24)) as (pilot, screen):
        third = screen.query_one("#third", ChartPanel)
        await pilot.press("m")
        await pilot.pause()
        assert third.is_on_screen and third.chosen == "grad_norm"
        await pilot.press("m")
        assert third.chosen == "lr"


async def test_escape_leaves_the_settings_the_cursor_the_zoom_and_the_grid(
    opened: Open, finished: RunFolder
) -> None:
    async with opened(finished) as (pilot, screen):
        await pilot.press("c", "plus", "v", "i")
        await pilot.pause()
        seen = []
        for _ in range(5):
            panels = screen.query_one(RunPanels)
            seen.append(
                (
                    panels.has_class("-settings"),
                    screen.viewport.reading is not None,
                    screen.viewport.window is not None,
                    panels.has_grid,
                )
            )
            await pilot.press("escape")
            await pilot.pause()
        assert seen == [tuple(i >= left for i in range(4)) for left in range(5)]


async def test_an_imported_run_is_not_recomputed(
    opened: Open, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, finished: RunFolder
) -> None:
    finished.description["source"] = {"path": "log.csv"}
    async with opened(finished) as (pilot, screen):
        said: list[str] = []
        monkeypatch.setattr(screen, "notify", lambda text, **_: said.append(text))
        await pilot.press("E", "a")
        await pilot.pause()
        assert pilot.app.screen is screen
        assert len(said) == 2 and all("imported and is read-only" in text for text in said)


async def test_samples_are_filtered_and_shown_in_full(opened: Open, finished: RunFolder) -> None:
    async with opened(finished, 500) as (pilot, screen):
        samples = screen.query_one(SampleList)
        await pilot.press("w")
        assert {a.ok for a in samples.lines(samples.view_state)} == {False}
        await pilot.press("w")
        assert {a.split for a in samples.lines(samples.view_state)} == {"train"}
        samples.focus()
        await pilot.press("down", "enter")
        text = await settle(pilot)
        assert "Sample 2, train" in text and "expected" not in text
        await pilot.press("escape")


async def test_a_click_on_the_history_of_a_sample_goes_to_its_evaluation(
    opened: Open, finished: RunFolder
) -> None:
    async with opened(finished) as (pilot, screen):
        samples = screen.query_one(SampleList)
        await pilot.click(samples, offset=(1 + samples._first, 1))
        assert screen.viewport.reading < 100
        assert f"step {screen.viewport.reading:.0f}" in title(screen, "samples")


async def test_events_are_listed_newest_first_including_closed_spikes(
    opened: Open, live: tuple[RunFolder, AttemptWriter, Any]
) -> None:
    folder, writer, _ = live
    seen = []
    async with opened(folder) as (pilot, screen):
        for event in (
            SpikeOnset(step=374, base=0.1, value=2.0, z=9.0),
            Checkpoint(step=520),
            Spike(
                step=580,
                onset=374,
                base=0.1,
                peak=3.0,
                peak_step=376,
                recovered_at=570,
                label="spike",
            ),
            Edited(step=586, changes={"optimizer.lr": 0.1}),
            Ended(step=590, reason="early_stop"),
        ):
            writer.write(event)
            screen.poll()
            await pilot.pause()
            lines = screen.query_one(EventList).render().plain.split("\n")
            seen.append([line.split()[0] for line in lines][:-2])
        assert "ended: early stop, as set in the" in lines[0]
    assert seen == [
        ["374"],
        ["520", "374"],
        ["520", "376"],
        ["586", "520", "376"],
        ["590", "586", "520", "376"],
    ]


async def test_choosing_an_event_goes_to_its_step(opened: Open, finished: RunFolder) -> None:
    async with opened(finished) as (pilot, screen):
        screen.query_one(EventList).focus()
        await pilot.press("down", "down", "enter")
        assert screen.viewport.reading == 901


async def test_a_panel_can_be_maximized_and_restored(opened: Open, finished: RunFolder) -> None:
    async with opened(finished) as (pilot, screen):
        loss = screen.query_one("#loss")
        before = loss.size
        await pilot.press("f")
        await pilot.pause()
        assert loss.size.width > before.width and loss.size.height > before.height
        await pilot.press("escape")
        await pilot.pause()
        assert loss.size == before


async def test_a_narrow_terminal_shows_one_column_at_a_time(
    opened: Open, finished: RunFolder
) -> None:
    async with opened(finished, size=(80, 24)) as (pilot, _):
        assert "accuracy" not in await settle(pilot)
        await pilot.press("p")
        text = await settle(pilot)
        assert "accuracy" in text and "events" in text


async def test_a_live_run_is_followed_paused_edited_and_stopped(
    opened: Open, live: tuple[RunFolder, AttemptWriter, Any]
) -> None:
    folder, writer, events = live
    inbox = Inbox(folder, writer.number)
    async with opened(folder) as (pilot, screen):
        assert "● live" in await settle(pilot)
        for _ in range(5):
            writer.write(next(events))
        screen.poll()
        assert screen.query_one(SampleList).view_state.step == screen.viewer.whole.last_step > 0
        await pilot.press("space")
        assert inbox.poll() == [Pause()]
        writer.write(Paused(step=screen.viewer.whole.last_step))
        screen.poll()
        assert "‖ paused" in await settle(pilot)
        await pilot.press("space")
        assert inbox.poll() == [Resume()]
        writer.write(GoesOn(step=screen.viewer.whole.last_step))
        screen.poll()
        await pilot.press("C")
        assert inbox.poll() == [CheckpointNow()]
        await pilot.press("K")
        assert inbox.poll() == [Stop()]


async def test_a_run_that_died_during_a_pause_is_not_shown_as_paused(
    opened: Open,
    new_run: Callable[..., RunFolder],
    begin_run: Callable[..., AttemptWriter],
    tmp_path: Path,
) -> None:
    folder = new_run(tmp_path)
    with begin_run(folder) as writer:
        writer.write(Started(step=0, attempt=1))
        writer.write(Paused(step=0))
        writer.write(Checkpoint(step=0))
    with begin_run(folder, seq=3) as writer:
        writer.write(Started(step=0, attempt=2, resumed_from=0))
        async with opened(folder) as (pilot, _):
            assert "▶ running" in await settle(pilot)


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
async def test_a_run_that_waits_for_disk_space_shows_it(
    opened: Open, live: tuple[RunFolder, AttemptWriter, Any], size: tuple[int, int]
) -> None:
    folder, writer, _ = live
    header = "‖ paused   waiting: no space left on the disk"
    async with opened(folder, size=size) as (pilot, screen):
        assert header not in await settle(pilot)
        writer.beat(0, "waiting")
        screen.poll()
        assert header in await settle(pilot)
        writer.beat(0)
        screen.poll()
        assert "▶ running" in await settle(pilot)
        writer.write(Paused(step=screen.viewer.whole.last_step))
        screen.poll()
        writer.beat(0, "waiting")
        screen.poll()
        assert header in await settle(pilot)


async def test_a_deleted_run_is_reported_in_header_and_bar(
    opened: Open, live: tuple[RunFolder, AttemptWriter, Any]
) -> None:
    folder, writer, events = live
    async with opened(folder) as (pilot, screen):
        for _ in range(5):
            writer.write(next(events))
        screen.poll()
        reached = screen.viewer.last
        pilot.app.training = SimpleNamespace(current=folder, waiting=())
        shutil.rmtree(folder.path)
        screen.poll()
        screen.query_one(Bar).refresh()
        bar, header, *_ = (await settle(pilot)).split("\n")
        assert "✗ died" in header and "its folder was deleted" in header
        assert f"step {reached}/1,400" in header and reached > 0
        assert f"▶ {folder.id}  folder deleted" in bar


async def test_settings_are_edited_and_checked_while_typing(
    opened: Open, live: tuple[RunFolder, AttemptWriter, Any]
) -> None:
    folder, writer, _ = live
    async with opened(folder) as (pilot, screen):
        await pilot.press("e")
        await pilot.pause()
        form = pilot.app.screen
        assert isinstance(form, EditForm)
        lr = form.query_one(Input)
        assert (lr.name, lr.value) == ("optimizer.lr", "0.001")
        lr.value = "1000"
        await pilot.pause()
        assert "at most 100" in text_of(pilot.app)
        await pilot.press("enter")
        assert pilot.app.screen is form
        lr.value = "3e-4"
        await pilot.press("enter")
        await pilot.pause()
        assert pilot.app.screen is screen
        assert Inbox(folder, writer.number).poll() == [Edit(changes={"optimizer.lr": 3e-4})]


async def test_a_run_is_forked_at_the_cursor_with_other_settings(
    opened: Open, finished: RunFolder
) -> None:
    forks: list[Any] = []
    async with opened(finished, 500) as (pilot, screen):
        await pilot.press("F")
        assert pilot.app.screen is screen, "nothing here can train"
        pilot.app.trainer = TrainingFunctions(
            lambda run, interrupted: None,
            lambda run: None,
            lambda preset: 0.01,
            lambda run, at, changes: forks.append((run.id, at, changes)),
        )
        await pilot.press("F")
        await pilot.pause()
        form = pilot.app.screen
        assert isinstance(form, EditForm)
        assert "fork at step 500" in text_of(pilot.app)
        await pilot.press("enter")
        await pilot.pause()
        assert "no fork was started" in last_message(pilot) and not forks
        await pilot.press("F")
        await pilot.pause()
        form = pilot.app.screen
        assert "start the fork" in text_of(pilot.app)
        form.query_one(Input).value = "3e-4"
        await pilot.press("enter")
        await pilot.pause()
        assert forks == [(finished.id, 500, {"optimizer.lr": 3e-4})]
        assert "forking at step 500" in last_message(pilot)
        await pilot.press("end", "F")
        await pilot.pause()
        pilot.app.screen.query_one(Input).value = "3e-4"
        await pilot.press("enter")
        await pilot.pause()
        assert "needs more than 1,400 training.steps" in last_message(pilot) and len(forks) == 1


async def test_commands_are_not_offered_for_a_run_that_has_ended(
    opened: Open, finished: RunFolder
) -> None:
    async with opened(finished) as (pilot, _):
        await pilot.press("K", "C", "e")
        await pilot.pause()
        assert list((finished.path / "commands").iterdir()) == []


async def test_nothing_is_drawn_without_new_records(
    opened: Open, finished: RunFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with opened(finished) as (pilot, screen):
        await pilot.pause()
        drawn = []
        monkeypatch.setattr(ChartPanel, "paint", lambda self, view_state: drawn.append(self.id))
        screen.poll()
        screen._draw()
        assert drawn == []


async def test_hidden_panels_are_not_drawn(
    opened: Open, live: tuple[RunFolder, AttemptWriter, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, writer, events = live
    async with opened(folder, size=(80, 24)) as (pilot, screen):
        await pilot.pause()
        drawn = []
        paint = ChartPanel.paint

        def noted(self: ChartPanel, view_state: Any) -> Any:
            drawn.append(self.id)
            return paint(self, view_state)

        monkeypatch.setattr(ChartPanel, "paint", noted)
        while not isinstance(event := next(events), Rows):
            writer.write(event)
        writer.write(event)
        writer.flush()
        screen.poll()
        assert drawn == ["loss"]


@pytest.mark.parametrize(
    ("before", "after"), [("nord", "textual-light"), ("textual-light", "nord")]
)
async def test_a_new_theme_gives_the_charts_of_a_held_replay_its_colours(
    opened: Open, finished: RunFolder, before: str, after: str
) -> None:
    def drawn(screen: RunScreen) -> list[list[Strip]]:
        return [panel._lines for panel in screen.query(ChartPanel)]

    async with opened(finished, 500) as (pilot, screen):
        pilot.app.theme = after
        await pilot.pause()
        wanted = drawn(screen)
    async with opened(finished, 500) as (pilot, screen):
        pilot.app.theme = before
        await pilot.pause()
        assert drawn(screen) != wanted
        pilot.app.theme = after
        await pilot.pause()
        assert drawn(screen) == wanted


async def test_p_saves_a_figure_of_the_visible_charts(
    opened: Open, finished: RunFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    async with opened(finished) as (pilot, screen):
        await pilot.press("P")
        await screen.workers.wait_for_complete()
        await pilot.pause()
        path = tmp_path / f"{finished.path.name}-loss.png"
        assert path.read_bytes().startswith(b"\x89PNG")
        assert last_message(pilot) == f"saved {path}"


async def test_a_run_without_updates_offers_no_replay(
    opened: Open, tmp_path: Path, new_run: Callable[..., RunFolder], begin_run: Callable[..., Any]
) -> None:
    folder = new_run(tmp_path)
    async with opened(folder) as (_, screen):
        assert "space" not in screen.active_bindings
        with begin_run(folder) as writer:
            writer.write(Started(step=0, attempt=1, device="cpu", engine="tree"))
            screen.poll()
            assert screen.active_bindings["space"].binding.action == "pause"
            writer.write(Rows(step=1, values=np.ones((1, 5), np.float32)))
        screen.poll()
        assert screen.active_bindings["space"].binding.action == "play"
