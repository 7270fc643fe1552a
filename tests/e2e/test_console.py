"""The real program in a terminal, with keys pressed and the screen read."""

import re
from pathlib import Path

import pytest

PRESET = """\
name: tiny
about: Addition mod 13, until the run is stopped.
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
    """The step of the run on the screen; None if no run is shown."""
    found = re.search(r" step ([\d,]+)/", text)
    return int(found[1].replace(",", "")) if found else None


def chart(text):
    """The braille characters of the curves."""
    return "".join(re.findall("[\u2801-\u28ff]+", text))


def samples(text):
    """The match of the title of the samples, with their step."""
    return re.search(r"samples · step ([\d,]+)", text)


def assert_exited_cleanly(terminal):
    """Check that the program ends with code 0 and restores the terminal."""
    assert terminal.end() == 0
    assert not terminal.alternate
    assert terminal.modes == terminal.modes_before


def test_the_console_starts_and_restores_the_terminal_at_its_end(terminal, preset):
    console = terminal(size=(80, 24))
    console.until("parameters")
    assert console.alternate
    assert console.modes != console.modes_before
    assert "quickstart" in console.text
    assert "tiny" in console.text
    console.press("q")
    assert_exited_cleanly(console)


@pytest.mark.parametrize(
    ("words", "shown"),
    [
        ([], "parameters"),
        pytest.param(["replay", str(GOLDEN)], "samples", marks=pytest.mark.slow),
    ],
)
def test_the_program_ends_when_its_terminal_is_closed(terminal, preset, words, shown):
    program = terminal(*words, size=(80, 24))
    program.until(shown)
    assert program.disconnect() in (0, 130)


def test_the_editor_gets_the_terminal_and_returns_it(terminal, preset, tmp_path, monkeypatch):
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
    assert_exited_cleanly(console)


@pytest.mark.slow
@SIZES
def test_a_run_is_started_edited_stopped_and_replayed(terminal, preset, size):
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

    # Chart and samples change.
    first = console.until(lambda text: (step(text) or 0) > 0 and chart(text) and samples(text))
    console.until(lambda text: (step(text) or 0) > step(first))
    console.until(lambda text: chart(text) != chart(first))
    console.until(lambda text: samples(text) and samples(text)[1] != samples(first)[1])

    # Pause, continue.
    console.press("space")
    paused_at = step(console.until("paused"))
    console.press("space")
    console.until(lambda text: "running" in text and (step(text) or 0) > paused_at)

    # Change the learning rate.
    console.press("e")
    console.until("edit during training")
    console.press(*"0.005")
    console.until("lr → 0.005")
    console.press("enter")
    console.until(lambda text: "edit during training" not in text)
    # The list of events may no longer show the edit: newer events may arrive before it is drawn.
    console.press("i")
    console.until("✎ 0.00")  # the line "0.005 at step 90" is cut to the width
    console.press("i")

    # Stop, find the run in the list.
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

    # Replay it, jump to the first spike or phase.
    console.press("enter")
    last = step(console.until(lambda text: step(text)))
    console.press("home")
    console.until(lambda text: step(text) == 0)
    console.press("}")
    screen = console.until(lambda text: step(text))
    assert 0 < step(screen) < last

    console.press("q")
    assert_exited_cleanly(console)
