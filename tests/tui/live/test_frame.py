"""Frames: live and replay are equal; damage and hostile text are handled."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from memlab.cli.event_text import phase_line
from memlab.detectors.observer import RunObserver
from memlab.record.attempt_writer import AttemptWriter
from memlab.record.events import Evaluated, Finding, Phase, Rows, Samples
from memlab.record.folder import RunFolder
from memlab.record.recording import OtherRun, Recording
from memlab.tui.live.chart_panel import ChartPanel
from memlab.tui.live.event_list import describe
from memlab.tui.live.frame import frame, text_of
from memlab.tui.live.view_state import ViewState

Open = Callable[..., Any]
HOSTILE = (
    "[red]x[/] [@click=app.quit]q[/] \x1b[31m\x1b]0;t\x07 \u202egnp\u200b\n\t\x00 " + "w" * 300
)


def panels(text: str) -> list[str]:
    """The frame without the time line of the complete run and the line of keys."""
    return text.split("\n")[:-2]


async def test_a_run_watched_live_and_its_replay_are_the_same_at_each_step(
    opened: Open, live: tuple[RunFolder, AttemptWriter, Any]
) -> None:
    folder, writer, events = live
    watched = {}
    async with opened(folder) as (pilot, screen):
        for event in events:
            if isinstance(event, Rows) and (done := event.first - 1) % 280 == 0:
                screen.poll()
                await pilot.pause()
                watched[done] = panels(text_of(pilot.app))
            writer.write(event)
        writer.end("finished", 1400, {})
        screen.poll()
        await pilot.pause()
        watched[1400] = panels(text_of(pilot.app))
    assert len(watched) == 6
    for step, text in watched.items():
        async with opened(folder, step) as (pilot, _):
            await pilot.pause()
            assert panels(text_of(pilot.app)) == text, f"step {step}"


@pytest.mark.parametrize("size", [(80, 24), (120, 40), (200, 60), (40, 12)])
def test_a_frame_has_its_size(finished: RunFolder, size: tuple[int, int]) -> None:
    lines = frame(finished, 700, *size).split("\n")
    assert len(lines) == size[1]
    assert max(map(len, lines)) <= size[0]


def test_a_frame_shows_the_run_as_of_its_step(finished: RunFolder) -> None:
    text = frame(finished, 700)
    assert "step 700/1,400" in text and "memorized" in text and "grokked" not in text
    assert "step 1,400/1,400" in frame(finished)


def test_a_queued_run_is_shown(tmp_path: Path, new_run: Callable[..., RunFolder]) -> None:
    text = frame(new_run(tmp_path))
    assert "queued" in text and "no data yet" in text


def test_a_run_without_validation_is_shown(
    tmp_path: Path, new_run: Callable[..., RunFolder], begin_run: Callable[..., AttemptWriter]
) -> None:
    folder = new_run(tmp_path)
    with begin_run(folder) as writer:
        writer.write(Rows(step=30, values=np.ones((30, 5), np.float32)))
        writer.write(Evaluated(step=30, values={"train_loss": 1.0, "train_accuracy": 0.5}))
        writer.end("finished", 30, {})
    text = frame(folder)
    assert "train 0.5" in text and "val" not in text.replace("validation", "")


def test_hostile_text_from_files_is_shown_as_text(
    tmp_path: Path, new_run: Callable[..., RunFolder], begin_run: Callable[..., AttemptWriter]
) -> None:
    folder = new_run(tmp_path, name=HOSTILE)
    token = {"text": HOSTILE, "target": HOSTILE, "p": 0.5, "ok": False}
    sample = {
        "split": HOSTILE,
        "prompt": HOSTILE,
        "target": HOSTILE,
        "answer": "",
        "tokens": [token],
    }
    strange = [{}, {"split": 1}, {**sample, "tokens": [3, {"p": "x"}]}, {**sample, "tokens": "no"}]
    with begin_run(folder) as writer:
        writer.write(Rows(step=9, values=np.ones((9, 5), np.float32)))
        writer.write(Evaluated(step=9, values={HOSTILE: 1.0, "val_loss": 1.0}))
        writer.write(Samples(step=9, samples=[sample, *strange]))
        writer.write(Finding(step=9, level=HOSTILE, what=HOSTILE, why=HOSTILE, advice=HOSTILE))
        writer.write(Phase(step=9, name=HOSTILE, after=0, split=HOSTILE))
    text = frame(folder, None, 200, 40)
    assert len(text.split("\n")) == 40
    assert "[red]x" in text
    for char in "\x1b\x07\x00\t\u202e\u200b":
        assert char not in text


@pytest.mark.parametrize("name", ["steps.bin", "steps.idx", "events.jsonl", "attempt.json"])
@pytest.mark.parametrize("damage", ["cut", "changed", "gone"])
def test_damaged_files_do_not_break_the_screen(finished: RunFolder, name: str, damage: str) -> None:
    path = finished.path / "attempts" / "001" / name
    data = bytearray(path.read_bytes())
    if damage == "changed":
        data[len(data) // 3 : len(data) // 2] = b"\xff" * (len(data) // 2 - len(data) // 3)
    path.unlink()
    if damage != "gone":
        path.write_bytes(data[: len(data) // 2] if damage == "cut" else data)
    assert "made up" in frame(finished)


def test_a_damaged_description_does_not_break_the_screen(finished: RunFolder) -> None:
    (finished.path / "run.json").write_text("{")
    assert frame(RunFolder(finished.path)).count("\n") == 39


SEEN = [
    ("memorized", {"accuracy": 1.0}, "train accuracy >= 0.9"),
    (
        "grokked",
        {"delay": 900, "ratio": 10.0},
        "train accuracy >= 0.9, 900 steps after memorizing (10 times as late)",
    ),
    ("sustained", {"since": 1020}, "train accuracy >= 0.9 in the evaluations since step 1,020"),
    ("collapsed", {"accuracy": 0.5}, "train accuracy below 0.9"),
    ("stuck", {"at": "chance"}, "train loss stays at 0.9, which is chance"),
    ("diverged", {}, "train loss above 0.9"),
    ("grokked", {"delay": "x", "ratio": None}, "train accuracy >= 0.9"),
]


@pytest.mark.parametrize(("name", "details", "seen"), SEEN)
def test_a_phase_has_the_same_text_as_on_the_command_line(
    name: str, details: dict[str, Any], seen: str
) -> None:
    phase = Phase(step=9, name=name, after=7, threshold=0.9, split="train", details=details)
    _, _, text = describe(phase)
    assert text == f"{name}: {seen} (after step 7)"
    assert phase_line(phase) == f"{name} in steps 7 to 9: {seen}"


def test_a_gap_is_listed_once_at_its_first_step(tmp_path: Path) -> None:
    losses = [1.0] * 3 + [np.nan] * 12 + [1.0]
    with Recording.create(tmp_path, "log", OtherRun(), RunObserver) as recording:
        recording.add(range(0, 160, 10), {"loss": losses})
    text = frame(recording.folder, None, 160, 40)
    (line,) = [line for line in text.split("\n") if "▽" in line]
    assert "30 ▽ a gap in steps 30 to 140: 12 NaN" in line
    assert "started" in text and "engine" not in text
    header = text.split("\n")[0]
    assert "step 150" in header and "%" not in header


def test_every_chart_is_painted_once_for_a_frame(
    tmp_path: Path, new_run: Callable[..., RunFolder], monkeypatch: pytest.MonkeyPatch
) -> None:
    painted: list[str | None] = []
    paint = ChartPanel.paint

    def count(panel: ChartPanel, view_state: ViewState) -> None:
        painted.append(panel.id)
        paint(panel, view_state)

    monkeypatch.setattr(ChartPanel, "paint", count)
    for width, height in ((120, 40), (80, 24)):
        painted.clear()
        frame(new_run(tmp_path / str(width)), width=width, height=height)
        assert len(painted) == len(set(painted)) > 0
