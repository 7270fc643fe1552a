"""The settings of a run: searchable, with changed values and edits marked."""

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, final

from textual.content import Content

from memlab.errors import MemlabError
from memlab.record.folder import RunFolder
from memlab.record.safe_text import safe_text
from memlab.record.settings_diff import shown_setting
from memlab.record.snapshot import Snapshot
from memlab.record.summary import flat_settings, settings
from memlab.tui.live.lines import Lines
from memlab.tui.live.view_state import ViewState

ALIGNED = 60
"""Width from which values are aligned."""


@final
@dataclass(frozen=True)
class SettingLine:
    key: str
    value: str
    preset_value: str | None = None
    """value in the preset, if it differs"""
    edits: tuple[tuple[int, str], ...] = ()
    """(step, value) of its edits"""

    def has(self, words: Sequence[str]) -> bool:
        text = f"{self.key} {self.value}".lower()
        return all(word in text for word in words)


def setting_lines(
    current: Mapping[str, Any], preset: Mapping[str, Any] | None, run: Snapshot
) -> list[SettingLine]:
    """The settings of a run by key; edited ones and those that differ from the preset first."""
    edits: dict[str, list[tuple[int, str]]] = {}
    for edit in run.edits:
        for key, value in edit.changes.items():
            edits.setdefault(key, []).append((edit.step, shown_setting(value)))
    lines = [
        SettingLine(
            key,
            shown_setting(value),
            _differs(key, value, preset),
            tuple(edits.get(key, ())),
        )
        for key, value in current.items()
    ]
    return sorted(lines, key=lambda line: not (line.edits or line.preset_value is not None))


def _differs(key: str, value: Any, preset: Mapping[str, Any] | None) -> str | None:
    if preset is None or preset.get(key) == value:
        return None
    return shown_setting(preset.get(key))


@final
class SettingsPanel(Lines[SettingLine]):
    """Lists the settings; `/` filters them while the panel has focus."""

    def __init__(self, folder: RunFolder, *, id: str) -> None:
        super().__init__(id=id)
        self._folder = folder
        self.words = ""
        self._key_width = 0

    @cached_property
    def _preset(self) -> Mapping[str, Any] | None:
        """The settings of the run's preset in its current version; None if it no longer exists."""
        from memlab.preset.load import load  # the schema takes a fifth of a second to load

        try:
            preset = load(self._folder.facts.preset)
        except MemlabError:
            return None
        return flat_settings(preset.model_dump(mode="json"))

    def filter(self, words: str) -> None:
        """List only settings that contain these words."""
        self.words, self.selected = words, 0
        self.draw()

    def problem(self, words: str) -> str | None:
        """What is wrong with a filter: no setting contains its words."""
        state = self.view_state
        if state is None or self._matching(state, words):
            return None
        return f"no setting contains '{safe_text(words, 40)}'"

    def depends(self, view_state: ViewState) -> Hashable:
        """Edits, filter and selection."""
        edits = view_state.attempt, len(view_state.run.edits)
        return edits, self.words, self.selected, self.has_focus

    def heading(self, view_state: ViewState) -> list[Content]:
        """The preset, and the number of settings that differ from it."""
        lines = setting_lines(settings(self._folder, view_state.run), self._preset, view_state.run)
        changed = sum(line.preset_value is not None for line in lines)
        name = safe_text(view_state.folder.facts.preset, 24)
        count = f"{changed} changed" if lines else "none recorded"
        parts = ["settings", name, count, self.words and f"/{self.words}"]
        return [Content(safe_text(part, 40)) for part in parts if part]

    def lines(self, view_state: ViewState) -> Sequence[SettingLine]:
        """The settings that pass the filter."""
        return self._matching(view_state, self.words)

    def _matching(self, view_state: ViewState, words: str) -> list[SettingLine]:
        lines = setting_lines(settings(self._folder, view_state.run), self._preset, view_state.run)
        return [line for line in lines if line.has(words.lower().split())]

    def prepare(self, items: Sequence[SettingLine], view_state: ViewState, width: int) -> None:
        """Align the values where edits have room too."""
        longest = max((len(safe_text(line.key, 40)) for line in items), default=0)
        self._key_width = longest if width >= ALIGNED else 0

    def rendered(self, items: Sequence[SettingLine]) -> list[Content]:
        """Key, value, the value in the preset, edits with their steps."""
        return [_rendered(line, self._key_width) for line in items]

    def choose(self, item: SettingLine) -> None:
        """Show the setting in full."""
        self.notify(_rendered(item, 0).plain, markup=False)


def _rendered(line: SettingLine, key_width: int) -> Content:
    sign, style = ("●", "$text-warning") if line.preset_value is not None else (" ", "")
    parts: list[Content | tuple[str, str]] = [
        (f"{sign} ", style),
        (f"{safe_text(line.key, 40):<{key_width}} ", "$foreground-muted"),
        (safe_text(line.value, 60), "bold" if sign == "●" else ""),
    ]
    if line.preset_value is not None:
        parts.append((f"  preset {safe_text(line.preset_value, 40)}", "$foreground-muted"))
    for step, value in line.edits:
        parts.append((f"  ✎ {safe_text(value, 40)} at step {step:,}", "$text-warning"))
    return Content.assemble(*parts)
