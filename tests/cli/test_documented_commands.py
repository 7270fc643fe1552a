"""Every command in the fenced blocks of README and the tutorial works, with shorter training."""

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SHORT = ("training.steps=30", "evaluation.every=10")


def commands(page: str) -> list[list[str]]:
    """Words after `.venv/bin/memlab`, in the order of the page."""
    lines = re.findall(r"^\.venv/bin/memlab(.*)$", (ROOT / page).read_text("utf-8"), re.MULTILINE)
    return [shlex.split(line, comments=True) for line in lines]


def shortened(words: list[str]) -> list[str]:
    """The same command, with few steps; a replay draws one screen instead of opening the console."""
    if words[0] == "replay":
        return [*words, "--once"]
    if words[0] == "run":
        return [*words, *SHORT]
    if words[:2] == ["sweep", "run"]:
        return [*(w for w in words if not w.startswith("training.steps=")), *SHORT, "--jobs", "1"]
    return words


def write_files_of_the_tutorial(folder: Path) -> None:
    page = (ROOT / "docs" / "tutorial.md").read_text("utf-8")
    (script,) = re.findall(r"<<'END'\n(.*?)^END", page, re.DOTALL | re.MULTILINE)
    pairs = subprocess.run([sys.executable, "-c", script], capture_output=True, check=True)
    (folder / "presets" / "mine").mkdir()
    (folder / "presets" / "mine" / "reversed.txt").write_bytes(pairs.stdout)
    for preset in re.findall(r"```yaml\n(.*?)```", page, re.DOTALL):
        (name,) = re.findall(r"^name: (.*)", preset, re.MULTILINE)
        (folder / "presets" / "mine" / f"{name}.yaml").write_text(preset)


@pytest.mark.slow
@pytest.mark.parametrize("page", ["README.md", "docs/tutorial.md"])
def test_every_command_of_a_page_works(memlab, page):
    write_files_of_the_tutorial(memlab.folder)
    memlab("run", "tiny", "training.steps=20", "--quiet")  # so that `last` exists
    documented = [words for words in commands(page) if words]
    assert len(documented) >= 5
    for words in documented:
        memlab(*shortened(words))


def test_the_tracked_loop_of_the_tutorial_has_the_spike_that_the_page_describes(memlab):
    page = (ROOT / "docs" / "tutorial.md").read_text("utf-8")
    (loop,) = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    subprocess.run(
        [sys.executable, "-c", loop], cwd=memlab.folder, env=memlab.environment, check=True
    )
    assert "300 steps, 1 spike" in " ".join(memlab("spikes", "last").split())
