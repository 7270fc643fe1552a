"""The command palette, with presets and runs in it."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from itertools import islice
from typing import cast, final

from textual import on
from textual.command import CommandList, CommandPalette, DiscoveryHit, Hit, Hits, Provider
from textual.message import Message
from textual.widgets import Button, Input, OptionList

from memlab.preset.load import available
from memlab.record.folder import RunFolder
from memlab.record.runs import iter_runs
from memlab.tui.console import Console
from memlab.tui.messages import EditPreset, OpenRun
from memlab.tui.safe_content import safe

NEWEST = 300
"""Number of newest runs that can be found by name."""


@final
class Palette(CommandPalette):
    """Accepts one choice: a second one during closing would close the screen below."""

    @on(Input.Submitted)
    @on(Button.Pressed)
    @on(OptionList.OptionSelected)
    def _take_once(self, event: Message) -> None:
        if not self.is_current:
            event.stop().prevent_default()

    def _action_command_list(self, action: str) -> None:
        """Do nothing if the terminal has no room for the list: Textual would raise an error."""
        if self.query_one(CommandList).size:
            super()._action_command_list(action)


@dataclass(frozen=True)
class _Place:
    text: str
    about: str
    go: Callable[[], object]


class PresetsAndRuns(Provider):
    """Opens a preset in the Lab, or a run."""

    async def startup(self) -> None:
        """Read names in a thread."""
        self._places = await asyncio.to_thread(self._read)

    def _read(self) -> list[_Place]:
        console = cast(Console, self.app)
        presets = [
            _Place(
                safe(f"preset {one.name}").plain, safe(one.about).plain, _edit(console, one.name)
            )
            for one in available()
        ]
        runs = [
            _Place(
                safe(f"run {run.labels().name}").plain,
                safe(run.path.name).plain,
                _open(console, run),
            )
            for run in islice(iter_runs(console.runs), NEWEST)
        ]
        return presets + runs

    async def discover(self) -> Hits:
        """All presets and the newest runs."""
        for place in self._places[:30]:
            yield DiscoveryHit(safe(place.text), place.go, place.text, place.about)

    async def search(self, query: str) -> Hits:
        matcher = self.matcher(query)
        for place in self._places:
            if (score := matcher.match(place.text)) > 0:
                yield Hit(score, matcher.highlight(place.text), place.go, place.text, place.about)


def _edit(console: Console, name: str) -> Callable[[], object]:
    return lambda: console.post_message(EditPreset(name))


def _open(console: Console, run: RunFolder) -> Callable[[], object]:
    return lambda: console.post_message(OpenRun(run))
