"""Draw the pictures of the console in README.md, with runs that are trained for them.

python tools/pictures.py [FOLDER]
"""

import asyncio
import html
import os
import re
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

from textual.pilot import Pilot

from memlab.preset.create import create_run
from memlab.preset.load import load
from memlab.record.folder import RunFolder
from memlab.record.runs import list_runs
from memlab.training.worker import work
from memlab.tui.app import Memlab
from memlab.tui.lab.form import SettingsForm
from memlab.tui.live.screen import RunScreen
from memlab.tui.messages import CompareRuns, EditPreset, OpenRun
from memlab.tui.training_functions import TrainingFunctions

ROOT = Path(__file__).parent.parent
SIZE = (120, 40)
PRESET, HELD = "grok-then-spike", 1760
"""the run that is shown live, and the step: after memorization, generalization and a spike"""
FRACTIONS = ("0.7", "0.6", "0.8")
"""training fractions of the runs in Compare; the first is that of the preset"""
BRAILLE = re.compile(
    r'<text class="(?P<style>[^"]*)" x="(?P<x>[\d.]+)" y="(?P<y>[\d.]+)" '
    r'textLength="(?P<length>[\d.]+)"[^>]*>(?P<text>[^<]*[\u2801-\u28ff][^<]*)</text>'
)
DOTS = ((0, 0), (0, 1), (0, 2), (1, 0), (1, 1), (1, 2), (0, 3), (1, 3))
"""(column, row) of each bit of a braille character"""
FONT = "ui-monospace, 'DejaVu Sans Mono', Menlo, Consolas, monospace"


class HeldTraining:
    """Trains, and waits at step `HELD` until `resume` is set."""

    def __init__(self) -> None:
        self.reached, self.resume = threading.Event(), threading.Event()

    def train(self, folder: RunFolder, interrupted: Callable[[], bool] = lambda: False) -> None:
        """Train a run to its end."""
        for event in work(folder, interrupted=interrupted):
            if event.kind == "samples" and event.step >= HELD and not self.reached.is_set():
                self.reached.set()
                self.resume.wait()


class Album:
    """The console and the folder of its pictures."""

    def __init__(self, pilot: Pilot[None], folder: Path) -> None:
        self.pilot, self.folder = pilot, folder

    async def settle(self) -> None:
        """Wait until everything is read and drawn; the preset check runs shortly after the last key."""
        for _ in range(4):
            await self.pilot.pause(0.2)
            await self.pilot.app.workers.wait_for_complete()
        self.pilot.app.clear_notifications()
        await self.pilot.pause(0.2)

    async def take(self, name: str) -> None:
        """Save the screen as SVG with fonts of the system, without web fonts."""
        await self.settle()
        drawn = self.pilot.app.export_screenshot(title=f"memlab: {name}")
        drawn = re.sub(r"@font-face \{.*?\}\s*", "", drawn, flags=re.DOTALL)
        drawn = re.sub(r"font-family: (Fira Code, monospace|arial)", f"font-family: {FONT}", drawn)
        drawn = BRAILLE.sub(_dotted, drawn)
        (self.folder / f"{name}.svg").write_text(drawn, "utf-8")


def _dotted(match: re.Match[str]) -> str:
    """Replace braille characters by dots, since not every font has them."""
    text = html.unescape(match["text"])
    left, base, width = (float(match[key]) for key in ("x", "y", "length"))
    cell = width / len(text)
    dots = (
        f"M{left + (i + 0.16 + 0.5 * column) * cell:.1f} {base - 17.5 + 6.1 * row:.1f}h4v4h-4z"
        for i, sign in enumerate(text)
        if "\u2800" <= sign <= "\u28ff"
        for bit, (column, row) in enumerate(DOTS)
        if (ord(sign) >> bit) & 1
    )
    rest = html.escape(re.sub("[\u2800-\u28ff]", "\u00a0", text))
    lead = match[0][: match.start("text") - match.start()]
    return f'<path class="{match["style"]}" d="{"".join(dots)}"/>{lead}{rest}</text>'


async def draw(runs: Path, folder: Path) -> None:
    """Draw Lab, Live, Compare and Replay."""
    held = HeldTraining()
    app = Memlab(runs, TrainingFunctions(held.train, lambda run: None, lambda preset: 0.0))
    async with app.run_test(size=SIZE) as pilot:
        album = Album(pilot, folder)
        await album.settle()
        app.screen.query_one(SettingsForm).enter("optimizer.lr")
        await pilot.press(*["backspace"] * 8, *"0.003")
        await album.take("lab")

        app.post_message(EditPreset(PRESET))
        await album.settle()
        await pilot.press("ctrl+r")
        await asyncio.to_thread(held.reached.wait)
        assert isinstance(app.screen, RunScreen)
        app.screen.poll()
        await album.take("live")
        held.resume.set()
        while app.training.current:
            await pilot.pause(0.2)

        (run,) = list_runs(runs)
        run.set_labels(name=f"{FRACTIONS[0]} of the table")
        for fraction in FRACTIONS[1:]:
            preset = load(PRESET, [f"task.train_fraction={fraction}"])
            other = create_run(preset, runs, f"{fraction} of the table")
            await asyncio.to_thread(held.train, other)
        app.post_message(CompareRuns(list_runs(runs)[::-1]))
        await album.take("compare")

        app.post_message(OpenRun(run, HELD + 240))
        await album.settle()
        await pilot.press("n")
        await album.take("replay")


def main(folder: Path) -> None:
    """Draw all pictures into a folder."""
    folder = folder.absolute()
    folder.mkdir(exist_ok=True)
    os.chdir(ROOT)
    with TemporaryDirectory() as runs:
        asyncio.run(draw(Path(runs), folder))


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "docs" / "pictures")
