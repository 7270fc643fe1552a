"""The real program in a terminal: what one presses, and what one sees then."""

import re
from pathlib import Path

import pytest

PRESET = """\
name: tiny
about: Addition mod 13, until it is stopped.
task: {kind: modular, operation: add, modulus: 13, train_fraction: 0.6}
model: {n_layers: 1, n_heads: 2, d_model: 16, init_std: 0.1}
optimizer: {lr: 1e-2, weight_decay: 0.1}
training: {steps: 1000000}
evaluation: {every: 50, samples: 4}
"""
GOLDEN = Path(__file__).parents[1] / "data" / "run-1.0"
SIZES = pytest.mark.parametrize("size", [(80, 24), (160, 48)], ids=["80x24", "160x48"])


@pytest.fixture
def preset(tmp_path):
    (tmp_path / "presets").mkdir()
    (tmp_path / "presets" / "tiny.yaml").write_text(PRESET)


def step(text):
    """How far the run on the screen is; None if there is none."""
    found = re.search(r" step ([\d,]+)/", text)
    return int(found[1].replace(",", "")) if found else None


def chart(text):
    """What is drawn of curves."""
    return "".join(re.findall("[\u2801-\u28ff]+", text))


def samples(text):
    """The evaluation that the samples are from."""
    return re.search(r"samples · step ([\d,]+)", text)


def assert_left(terminal):
    """The program has ended well, and the terminal is as it was."""
    assert terminal.end() == 0
    assert not terminal.alternate
    assert terminal.modes == terminal.modes_before


def test_the_console_starts_and_leaves_the_terminal_as_it_was(terminal, preset):
    console = terminal(size=(80, 24))
    console.until("parameters")
    assert console.alternate
    assert console.modes != console.modes_before
    assert "quickstart" in console.text
    assert "tiny" in console.text
    console.press("q")
    assert_left(console)


@pytest.mark.parametrize(
    ("words", "shown"),
    [
        ([], "parameters"),
        pytest.param(["replay", str(GOLDEN)], "samples", marks=pytest.mark.slow),
    ],
)
def test_the_program_ends_when_its_terminal_is_gone(terminal, preset, words, shown):
    program = terminal(*words, size=(80, 24))
    program.until(shown)
    assert program.vanish() in (0, 130)


def test_the_editor_has_the_terminal_to_itself(terminal, preset, tmp_path, monkeypatch):
    editor = tmp_path / "editor"
    editor.write_text("#!/bin/bash\nread -p 'save? ' _\nsed -i 's/lr: 0.01/lr: 0.02/' \"$2\"\n")
    editor.chmod(0o700)
    monkeypatch.setenv("VISUAL", f"'{editor}' --wait")
    console = terminal(size=(80, 24))
    console.until("quickstart ─")
    console.press("up")
    console.until("─ tiny ─")
    console.press("e")
    console.until("save? ")
    assert not console.alternate
    console.press("\n")
    console.until("1 changed")
    assert console.alternate
    console.press("q")
    assert_left(console)


@pytest.mark.slow
@SIZES
def test_from_a_preset_to_a_replay(terminal, preset, size):
    console = terminal(size=size)

    # Choose a preset, change a field, start.
    console.until("quickstart ─")
    console.press("up")
    console.until("─ tiny ─")
    console.press("enter")
    console.until("Task and its data.")
    console.press("down", "down")
    console.until("task.modulus ")
    console.press("backspace", "backspace")
    console.until("1 wrong")
    console.press("1", "1")
    console.until(lambda text: "1 wrong" not in text)
    console.press("ctrl+r")

    # See chart and samples move.
    first = console.until(lambda text: (step(text) or 0) > 0 and chart(text) and samples(text))
    console.until(lambda text: (step(text) or 0) > step(first))
    console.until(lambda text: chart(text) != chart(first))
    console.until(lambda text: samples(text) and samples(text)[1] != samples(first)[1])

    # Pause, go on.
    console.press("space")
    held = step(console.until("paused"))
    console.press("space")
    console.until(lambda text: "running" in text and (step(text) or 0) > held)

    # Change the learning rate.
    console.press("e")
    console.until("edit during training")
    console.press(*"0.005")
    console.until("lr → 0.005")
    console.press("enter")
    console.until(lambda text: "edit during training" not in text)
    # Not in the list of events: many newer ones may come before it is drawn.
    console.press("i")
    console.until("✎ 0.00")  # and what there is room for of "0.005 at step 90"
    console.press("i")

    # Stop, find it among the runs.
    console.until("memorized")
    console.press("K")
    console.until("stopped")
    console.press("3")
    console.until("⏎ open")
    console.press("/")
    console.until(lambda text: "⏎ open" not in text)
    console.press(*"status:stopped", "enter")
    console.until("⏎ open")
    assert "tiny modulus=11" in console.text

    # Replay it, go to the first spike or phase.
    console.press("enter")
    last = step(console.until(lambda text: step(text)))
    console.press("home")
    console.until(lambda text: step(text) == 0)
    console.press("}")
    there = console.until(lambda text: step(text))
    assert 0 < step(there) < last

    console.press("q")
    assert_left(console)
