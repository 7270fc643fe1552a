"""Names from files stay text in every panel of one run."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from memlab.record import derived
from memlab.record.checkpoints import Checkpoints
from memlab.record.events import Edited, Evaluated, Rows, Spike, Started
from memlab.record.explanation import CODE_VERSION, document_name
from memlab.record.folder import RunFolder
from memlab.record.model_pictures import ModelPictures, keep_pictures
from memlab.tui.baseline import BaselineRun

from ..hostile import NAMES, assert_harmless

Open = Callable[..., Any]


@pytest.fixture
def hostile_run(tmp_path: Path, new_run: Any, begin_run: Any) -> RunFolder:
    """A run with all names, as measures, settings, edits, explanation and model pictures."""
    folder: RunFolder = new_run(tmp_path, name=" ".join(NAMES.values()))
    with begin_run(folder) as writer:
        writer.write(Started(step=0, attempt=1, device="cpu", engine="tree"))
        writer.write(Rows(step=20, values=np.ones((20, 5), np.float32)))
        values = {"val_loss": 1.0, **dict.fromkeys(NAMES.values(), 0.5)}
        groups = {name: {"accuracy": 0.5} for name in NAMES.values()}
        for step in (0, 10, 20):
            writer.write(Evaluated(step=step, values=values, groups=groups))
        writer.write(Spike(step=20, onset=10, base=0.1, peak=1.0, peak_step=11, recovered_at=20, label="spike"))  # fmt: skip
        writer.write(Edited(step=20, changes={name: name for name in NAMES.values()}))
    for name in NAMES.values():
        folder.description["preset"]["task"][name] = name
    keep_explanation(folder)
    tokens = tuple(NAMES.values())[:6]
    attention = np.full((2, 2, len(tokens), len(tokens)), 1 / len(tokens))
    pictures = ModelPictures(folder.id, 20, tokens, attention, np.arange(1.0, 4), np.ones((3, 3)))
    keep_pictures(folder, pictures)
    return folder


def keep_explanation(folder: RunFolder) -> None:
    changes = [
        {
            "change": name, "kind": name, "effect": name, "peak": 1.0, "peak_step": 11,
            "first_step": 5, "losses": [0.1] * 10,
        }
        for name in NAMES.values()
    ]  # fmt: skip
    document = {
        "run": folder.id,
        "spike": {"step": 10, "base": 0.1, "peak": 1.0, "peak_step": 11},
        "recomputed": {"from": 0, "equal": True},
        "window": {"change_at": 5, "last": 15, "level": 0.2},
        "changes": changes,
        "causes": list(NAMES.values()),
        "sentence": " ".join(NAMES.values()),
    }
    derived.write_document(folder, document_name(10), document, CODE_VERSION)


@pytest.mark.parametrize(
    "size", [(60, 16), pytest.param((120, 40), marks=pytest.mark.slow)], ids=["60x16", "120x40"]
)
async def test_every_panel_shows_names_as_text(
    opened: Open, hostile_run: RunFolder, monkeypatch: pytest.MonkeyPatch, size: tuple[int, int]
) -> None:
    monkeypatch.setattr(Checkpoints, "steps", lambda self: [20])
    async with opened(hostile_run, size=size) as (pilot, screen):
        pilot.app.baseline = BaselineRun.of(hostile_run)
        object.__setattr__(pilot.app.baseline, "path", Path("another"))
        screen.show_baseline()
        for _ in range(3):  # cycles through the measures of the third chart
            await pilot.press("m")
            await pilot.pause()
            assert_harmless(pilot.app)
        await pilot.press("c", "i", *["ctrl+right"] * 2)  # opens the grid and the settings
        for _ in range(3):
            await pilot.pause()
            assert_harmless(pilot.app)
            await pilot.press("j", "j", "j", "pagedown")
        await pilot.press("enter")
        await pilot.pause()
        assert_harmless(pilot.app)
        await pilot.press("E")
        await pilot.pause()
        assert pilot.app.screen is not screen
        for _ in NAMES:
            assert_harmless(pilot.app)
            await pilot.press("down")
            await pilot.pause()
        await pilot.press("escape", "a")
        await pilot.pause()
        assert pilot.app.screen is not screen
        assert_harmless(pilot.app)
