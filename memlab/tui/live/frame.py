"""One frame of the console as plain text, without a terminal."""

import asyncio
from typing import final

from textual.app import App

from memlab.record.folder import RunFolder
from memlab.tui.live.screen import RunScreen


@final
class _Frame(App[None]):
    """An app that shows a run and nothing else."""

    CSS_PATH = "live.tcss"

    def __init__(self, folder: RunFolder, at: int | None) -> None:
        super().__init__()
        self._folder, self._at = folder, at

    def get_default_screen(self) -> RunScreen:
        """The run without tabs and footer. An empty screen below it would be laid out too."""
        self.shown = RunScreen(self._folder, self._at, interactive=False)
        return self.shown


def frame(folder: RunFolder, at: int | None = None, width: int = 120, height: int = 40) -> str:
    """`height` lines of at most `width` cells: the run as of now, or as of step `at`."""
    return asyncio.run(_frame(_Frame(folder, at), width, height))


async def _frame(app: _Frame, width: int, height: int) -> str:
    async with app.run_test(size=(width, height)) as pilot:
        # `pause` waits until the process is idle, which it also seems to be on a busy machine.
        while app.is_running and not app.shown.is_drawn:
            await asyncio.sleep(0.001)
        await pilot.pause()
        return text_of(app)


def text_of(app: App[None]) -> str:
    """The screen of an app, as lines without trailing blanks."""
    strips = app.screen._compositor.render_strips(app.size)
    return "\n".join(strip.text.rstrip() for strip in strips)
