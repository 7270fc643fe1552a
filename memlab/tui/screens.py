"""The screens of the console in one table. A new screen is a folder and one line here."""

from dataclasses import dataclass
from importlib import import_module
from typing import Any

from textual.screen import Screen


@dataclass(frozen=True)
class ScreenEntry:
    """A screen with a tab and a key."""

    mode: str
    """its name within the console"""
    key: str
    title: str
    help: str
    """one sentence"""
    screen_class: str
    """module and class, imported when the screen is first shown"""
    shows_one_run: bool = False
    """whether a new screen is created for each opened run"""

    def create(self, *arguments: object) -> Screen[Any]:
        """A new screen; one that shows a run also gets a step and a speed."""
        module, _, name = self.screen_class.partition(":")
        screen: Screen[Any] = getattr(import_module(module), name)(*arguments)
        return screen


SCREENS = (
    ScreenEntry("lab", "1", "Lab", "Choose a preset, edit it, start it.", "memlab.tui.lab.screen:LabScreen"),
    ScreenEntry("live", "2", "Live", "The run that is training.", "memlab.tui.live.screen:RunScreen", True),
    ScreenEntry("runs", "3", "Runs", "All runs: filter, sort, mark, rename, delete.", "memlab.tui.runs.screen:RunsScreen"),
    ScreenEntry("compare", "4", "Compare", "Several runs in one chart.", "memlab.tui.compare.screen:CompareScreen"),
    ScreenEntry("replay", "5", "Replay", "The run opened last, at any step.", "memlab.tui.live.screen:RunScreen", True),
    ScreenEntry("sweeps", "6", "Sweeps", "Many runs: progress, results by cell, heat map.", "memlab.tui.sweeps.screen:SweepsScreen"),
)  # fmt: skip
