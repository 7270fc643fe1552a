"""Readers of a damaged run neither fail nor show a wrong value, for any damage to any file."""

import os
import shutil
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from memlab.errors import RunError
from memlab.record import events, runs
from memlab.record.commands import Inbox, Pause, send
from memlab.record.folder import RunFolder
from memlab.record.history import History

from .make_run import values, write_rows


@pytest.fixture(scope="module")
def whole(tmp_path_factory) -> Path:
    """A run of two attempts with a checkpoint, a command and an end."""
    folder = RunFolder.create(tmp_path_factory.mktemp("runs"), {"seed": 3}, "a: 1\n", "whole")
    for seq, first_step in ((0, 1), (2, 11)):
        with folder.claim({}, seq=seq, first_step=first_step) as writer:
            for step in range(first_step, first_step + 20, 5):
                write_rows(writer, step, step + 4)
                writer.write(events.Evaluated(step=step + 4, values={"val_loss": 1 / step}))
            writer.commit(step + 4, {"model.safetensors": b"m" * step})
            writer.beat(step + 4)
            if first_step > 1:
                writer.end("finished", step + 4, {"val_loss": 1 / step})
    send(folder, Pause())
    return folder.path


def damage(path: Path, other: Path, draw) -> None:
    text = path.read_bytes()
    at = draw(st.integers(0, max(len(text) - 1, 0)))
    match draw(st.sampled_from(["flip", "cut", "zero", "append", "swap", "remove", "special"])):
        case "flip" if text:
            flipped = bytes([text[at] ^ 1 << draw(st.integers(0, 7))])
            path.write_bytes(text[:at] + flipped + text[at + 1 :])
        case "cut":
            path.write_bytes(text[:at])
        case "zero":
            path.write_bytes(text[:at] + bytes(len(text[at : at + 40])) + text[at + 40 :])
        case "append":
            path.write_bytes(text + draw(st.binary(min_size=1, max_size=100)))
        case "swap":
            path.write_bytes(other.read_bytes())
            other.write_bytes(text)
        case "remove":
            path.unlink()
        case "special":
            path.unlink()
            make = [os.mkfifo, os.mkdir, lambda p: p.symlink_to(p), lambda p: p.symlink_to(other)]
            draw(st.sampled_from(make))(path)


def everything(folder: RunFolder) -> dict:
    """All values that readers show."""
    history = History(folder)
    now = history.until()
    try:
        stored = folder.checkpoints.load(need="weights").files
    except RunError:
        stored = {}
    return {
        "steps": now.steps["step"],
        "rows": now.steps.read(0, 10**6)[1],
        "events": now.events,
        "resume": history.resume_verified,
        "status": folder.status(),
        "last_step": folder.last_step(),
        "labels": folder.labels(),
        "description": folder.description,
        "end": [attempt.end for attempt in folder.attempts()],
        "stored": stored,
        "commands": Inbox(folder, 2).poll(),
        "listed": len(runs.list_runs(folder.path.parent)),
    }


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_readers_of_damaged_files_show_only_recorded_values(whole, tmp_path_factory, data):
    path = tmp_path_factory.mktemp("damaged") / whole.name
    shutil.copytree(whole, path)
    truth = everything(RunFolder(shutil.copytree(whole, path.parent / "truth" / whole.name)))
    names = sorted(p for p in path.rglob("*") if p.is_file())
    chosen = data.draw(st.lists(st.sampled_from(names), min_size=2, max_size=2, unique=True))
    damage(*chosen, data.draw)
    shown = everything(RunFolder(path))
    steps = shown["steps"]
    assert np.array_equal(shown["rows"], values(1, 40)[steps - 1])
    assert (np.diff(steps) > 0).all()
    assert all(event in truth["events"] or event.seq >= 2 for event in shown["events"])
    assert (shown["resume"] or {}).get("first_difference") is None
    # Without the owner and the end, only a stalled heartbeat shows that the run died.
    assert shown["status"] in ("finished", "died", "running")
    assert shown["last_step"] in (0, truth["last_step"])
    assert shown["labels"].name in ("", "whole")
    assert shown["description"] in ({}, truth["description"])
    assert all(end in (None, truth["end"][1]) for end in shown["end"])
    assert shown["stored"] in (
        {},
        {"model.safetensors": b"m" * 26},
        {"model.safetensors": b"m" * 16},
    )
    assert shown["commands"] in ([], truth["commands"])
