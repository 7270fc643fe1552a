"""The map of the training examples, live and in a replay."""

import itertools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import safetensors.numpy

from memlab.preset.load import from_json
from memlab.record.attempt_writer import AttemptWriter
from memlab.record.events import Checkpoint, Evaluated, Event, Rows
from memlab.record.example_history import MAX_EXAMPLES
from memlab.record.folder import RunFolder
from memlab.tui.live import learned_map
from memlab.tui.live.chart_panel import ChartPanel
from memlab.tui.live.frame import text_of
from memlab.tui.live.learned_map import LearnedMap

Open = Callable[..., Any]
N = 97 * 97 * 3 // 10


def first_right(n: int = N, step: int = 1400) -> np.ndarray:
    """The step of the first evaluation with a correct answer per example; -1 = none up to `step`."""
    first = 20 * np.random.default_rng(0).integers(1, 60, n)
    return np.where(first <= step, first, -1)


def commit(folder: RunFolder, step: int, n: int = N) -> None:
    tensors = {"first": first_right(n, step), "forgotten": np.zeros(n, np.int64)}
    folder.checkpoints.commit(step, {"examples.safetensors": safetensors.numpy.save(tensors)})


def choose_map(screen: Any) -> None:
    panel = screen.query_one("#third", ChartPanel)
    while panel.chosen != learned_map.FIRST_LEARNED:
        screen.action_measure(1)


def test_operands_are_those_of_the_training_examples(finished: RunFolder) -> None:
    commit(finished, 1400)
    tiles = LearnedMap(finished).until(1400)
    preset = from_json(finished.description["preset"])
    train = preset.task.dataset(preset.seeds).splits["train"]
    prompts = [train.prompt(i) for i in range(len(train))]
    assert tiles.row is not None and tiles.column is not None
    assert [[a, b] for a, b in zip(tiles.row, tiles.column, strict=True)] == [
        [tokens[1], tokens[3]] for tokens in prompts
    ]
    assert tiles.first.tolist() == first_right().tolist()


def test_a_replay_shows_the_map_as_of_its_step(finished: RunFolder) -> None:
    commit(finished, 1400)
    seen = LearnedMap(finished)
    for step in (0, 19, 20, 700, 1400):
        expected = [s if s <= step else np.inf for s in first_right().tolist()]
        assert seen.until(step).first.tolist() == expected


def test_a_checkpoint_is_read_once(finished: RunFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    reads = []
    read = learned_map.newest_example_history
    monkeypatch.setattr(
        learned_map, "newest_example_history", lambda folder: reads.append(1) or read(folder)
    )
    seen = LearnedMap(finished)
    for step in (100, 200):
        commit(finished, step)
        for _ in range(3):
            assert f"by step {step}" in seen.until(step).caption
    assert len(reads) == 2


def test_examples_without_two_operands_are_in_order(
    finished: RunFolder, tmp_path: Path, new_run: Callable[..., RunFolder]
) -> None:
    commit(finished, 1400, n=12)
    tiles = LearnedMap(finished).until(1400)
    assert tiles.row is None and tiles.first.tolist() == first_right(12).tolist()
    assert "in order" in tiles.caption


def test_without_data_a_reason_is_shown(tmp_path: Path, new_run: Callable[..., RunFolder]) -> None:
    folder = new_run(tmp_path)
    assert "first checkpoint" in LearnedMap(folder).until(0).instead
    folder.checkpoints.commit(10, {"model.safetensors": b"weights alone"})
    assert "no checkpoint records" in LearnedMap(folder).until(0).instead
    large = new_run(tmp_path)
    large.description["check"]["examples"]["train"] = MAX_EXAMPLES + 1
    assert "more than 20,000" in LearnedMap(large).until(0).instead


async def test_live_and_replay_draw_the_same_map_where_a_checkpoint_was(
    opened: Open, live: tuple[RunFolder, AttemptWriter, Any]
) -> None:
    folder, writer, events = live
    watched = {}
    async with opened(folder) as (pilot, screen):
        choose_map(screen)
        for event in events:
            if isinstance(event, Rows) and (done := event.first - 1) % 280 == 0 and done:
                watched[done] = await checkpointed(pilot, screen, writer, done)
            writer.write(event)
        writer.end("finished", 1400, {})
        commit(folder, 1400)
    for step, text in watched.items():
        async with opened(folder, step) as (pilot, screen):
            choose_map(screen)
            await pilot.pause()
            assert text_of(pilot.app).split("\n")[:-2] == text, f"step {step}"
    assert list(watched) == [280, 560, 840, 1120]
    assert any("a ↓ b →, by step 560" in line for line in watched[560])


async def checkpointed(pilot: Any, screen: Any, writer: AttemptWriter, step: int) -> list[str]:
    """Save a checkpoint of a live run; returns the lines of the screen."""
    commit(screen.viewer.folder, step)
    written: Event = Checkpoint(step=step)
    writer.write(written)
    screen.poll()
    await pilot.pause()
    return text_of(pilot.app).split("\n")[:-2]


async def test_a_live_map_shows_the_step_of_its_checkpoint(
    opened: Open, live: tuple[RunFolder, AttemptWriter, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, writer, events = live
    async with opened(folder) as (pilot, screen):
        choose_map(screen)
        await pilot.pause()
        assert "available after the first checkpoint" in text_of(pilot.app)
        while not isinstance(event := next(events), Evaluated) or event.step < 300:
            writer.write(event)
        commit(folder, 200)
        writer.write(event)
        screen.poll()
        await pilot.pause()
        assert "by step 200" in text_of(pilot.app)
        monkeypatch.setattr(LearnedMap, "until", None)
        for event in itertools.islice(events, 20):
            writer.write(event)
        screen.poll()
        await pilot.pause()
        assert "by step 200" in text_of(pilot.app), "it is redrawn only for new checkpoints"
