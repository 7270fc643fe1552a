"""The Lab screen: presets, form and preflight; start, save, edit."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import ClassVar

from textual import on, work
from textual.app import ComposeResult, SuspendNotSupported
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.message import Message
from textual.screen import Screen
from textual.widgets import Button, Input

from memlab.errors import MemlabError
from memlab.plugins.load import loaded_plugins
from memlab.preset.dump import dump
from memlab.preset.load import Available, available
from memlab.preset.schema import Preset
from memlab.preset.strict_yaml import parse
from memlab.preset.validate import validated
from memlab.tui import keys
from memlab.tui.bar import Bar
from memlab.tui.console import Console
from memlab.tui.dialogs import Confirm, TextPrompt
from memlab.tui.footer import Footer
from memlab.tui.lab.draft import Draft
from memlab.tui.lab.editor import edited
from memlab.tui.lab.form import SettingsForm
from memlab.tui.lab.preflight import Preflight
from memlab.tui.lab.presets import PresetOptions, Presets
from memlab.tui.lab.save import problem_with, save
from memlab.tui.messages import ClonePreset, EditPreset, StartRun, StartSweep
from memlab.tui.safe_content import one_line, safe

FIRST = "quickstart"
"""The initially selected preset."""
AFTER_EDITING = {"again": "edit again", "forget": "discard these edits"}


class LabScreen(Screen[None]):
    """Choose a preset, edit it, check it, start it."""

    CSS_PATH = "lab.tcss"
    KEYS = keys.LAB
    BINDINGS: ClassVar[list[BindingType]] = KEYS.bindings()
    AUTO_FOCUS = "PresetOptions"

    @dataclass
    class Listed(Message):
        presets: list[Available]
        point_at: str | None

    def __init__(self, console: Console) -> None:
        super().__init__()
        self._read_only = console.read_only
        self._preflight = Preflight(console)
        self._drafts: dict[str, Draft] = {}
        self._reverted: dict[str, Draft] = {}
        self._extra: list[Available] = []
        self._draft: Draft | None = None

    def compose(self) -> ComposeResult:
        yield Bar()
        with Horizontal(id="columns"):
            yield Presets([])
            yield SettingsForm()
        with Vertical(id="ahead"):
            with VerticalScroll(id="preflight"):
                yield self._preflight
            if not self._read_only:
                with Horizontal(id="buttons"):
                    yield Button("▶ start", id="start", compact=True, variant="success")
                    yield Button("queue", id="queue", compact=True)
                    yield Button("save as", id="save", compact=True)
        yield Footer()

    def on_mount(self) -> None:
        """Set titles; read the presets after the first paint."""
        self.query_one(Presets).border_title = "presets"
        self.query_one(SettingsForm).border_title = "settings"
        self.query_one("#ahead").border_title = "preflight"
        self.call_after_refresh(self.read_presets)

    @work(thread=True, exclusive=True, group="presets")
    def read_presets(self, point_at: str | None = None) -> None:
        """Read all presets; then select the one named."""
        self.post_message(self.Listed(available(), point_at))

    @on(Listed)
    def _listed(self, event: Listed) -> None:
        names = {one.name for one in event.presets}
        extra = [one for one in self._extra if one.name not in names]
        presets = self.query_one(Presets)
        plugins = ", ".join(plugin.name for plugin in loaded_plugins())
        presets.border_subtitle = safe(f"plugins: {plugins}", 40) if plugins else ""
        presets.show([*event.presets, *extra], event.point_at or presets.name_at_cursor or FIRST)

    @on(EditPreset)
    def _edit_preset(self, event: EditPreset) -> None:
        event.stop()
        self.read_presets(event.name)

    @on(ClonePreset)
    def _clone(self, event: ClonePreset) -> None:
        """Show the settings of a run as changes of its preset, or as a new preset."""
        event.stop()
        preset = event.preset
        presets = {one.name: one for one in available()}
        base = presets.get(preset.name)
        if base is None or base.preset is None:
            base = Available(preset.name, Path("from a run") / preset.name, preset)
            self._extra.append(base)
        assert base.preset is not None
        self._drafts[base.name] = Draft(base.preset, folder=base.path.parent).towards(preset)
        self.read_presets(base.name)

    # The draft

    @on(Presets.PresetChosen)
    def _chosen(self, event: Presets.PresetChosen) -> None:
        chosen = event.chosen
        if chosen.preset is None:
            return
        draft = self._drafts.get(chosen.name)
        if draft is None or draft.base != chosen.preset:
            draft = Draft(chosen.preset, folder=chosen.path.parent)
        # Presets are reloaded occasionally, which must not discard text being typed.
        if draft is not self._draft:
            self._show(draft)

    @on(Presets.PresetOpened)
    def _opened(self) -> None:
        # A very small terminal shows either the presets or the form.
        self.add_class("-editing")
        self.query_one(SettingsForm).enter()

    @on(SettingsForm.Typed)
    def _typed(self, event: SettingsForm.Typed) -> None:
        if self._draft:
            self._show(self._draft.typed(event.key, event.text), typing=True)

    @on(SettingsForm.Reset)
    def _reset(self, event: SettingsForm.Reset) -> None:
        if self._draft:
            self._show(self._draft.without(event.key))

    def action_revert(self) -> None:
        """Undo all changes; a second time, redo them."""
        draft = self._draft
        if draft and draft.texts:
            self._reverted[draft.base.name] = draft
            self._show(replace(draft, texts={}))
            self.notify("changes discarded; ctrl+z restores them")
        elif draft and draft.base.name in self._reverted:
            self._show(self._reverted.pop(draft.base.name))

    def _show(self, draft: Draft, *, typing: bool = False) -> None:
        self._draft = draft
        self._drafts[draft.base.name] = draft
        self.query_one(SettingsForm).show(draft, typing=typing)
        self.query_one(SettingsForm).border_title = _title(draft)
        self._preflight.check(draft)

    # Start

    @on(Button.Pressed, "#start")
    def action_start(self) -> None:
        self._start(queue=False)

    @on(Button.Pressed, "#queue")
    def action_queue(self) -> None:
        self._start(queue=True)

    def _start(self, queue: bool) -> None:
        if preset := self._valid():
            assert self._draft is not None
            if (error := self._preflight.error) is not None:
                self.notify(error, severity="error", markup=False)
            elif self._draft.sweep is not None:
                self.post_message(StartSweep(self._draft.sweep))
            else:
                self.post_message(StartRun(preset, self._draft.name, queue))

    def _valid(self) -> Preset | None:
        """The draft's preset; if it is invalid, report why and focus the field."""
        if self._draft is None:
            self.notify("no preset is selected; presets are still being read, or there are none")
            return None
        if self._draft.preset:
            return self._draft.preset
        key, problem = next(iter(self._draft.problems.items()))
        self.notify(safe(problem.what).plain, severity="error", markup=False)
        self.query_one(SettingsForm).enter(key)
        return None

    def _single(self) -> Preset | None:
        """The draft's preset, unless it is a sweep: that has several."""
        if self._draft and self._draft.sweep is not None:
            self.notify("a field has several values: they can only be started, as a sweep")
            return None
        return self._valid()

    # Files

    @on(Button.Pressed, "#save")
    @work
    async def action_save(self) -> None:
        """Save the draft as a preset."""
        if preset := self._single():
            title = Content("Save as presets/NAME.yaml; the name may contain folders")
            name = await self.app.push_screen_wait(TextPrompt(title, problem=problem_with))
            if name is not None:
                self._save(preset, name)

    def _save(self, preset: Preset, name: str) -> None:
        try:
            path = save(preset, name)
        except OSError as problem:
            self.notify(f"not saved: {one_line(problem)}", severity="error", markup=False)
        else:
            self.notify(f"saved to {safe(str(path)).plain}", markup=False)
            self.read_presets(path.stem)

    @work
    async def action_edit(self) -> None:
        """Edit the draft as YAML in $EDITOR until it is valid or the edit is cancelled."""
        preset, draft = self._single(), self._draft
        if preset is None or draft is None:
            return
        text = dump(preset)
        while True:
            try:
                with self.app.suspend():
                    text = edited(text)
                self._show(
                    draft.towards(validated(parse(text.encode(), "your text"), draft.folder))
                )
                return
            except SuspendNotSupported:
                self.notify("the editor needs a terminal", severity="error")
                return
            except (MemlabError, OSError) as problem:
                question = safe(str(problem), 2000, lines=True)
                if await self.app.push_screen_wait(Confirm(question, AFTER_EDITING)) != "again":
                    return

    def action_measure(self) -> None:
        self._preflight.measure()

    def action_filter(self) -> None:
        self.query_one(Presets).focus_filter()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool:
        """The filter key applies outside of inputs; `back` applies outside of the list."""
        if not keys.is_offered(self, action):
            return False
        if action == "filter":
            return not isinstance(self.focused, Input)
        return action != "back" or not isinstance(self.focused, PresetOptions)

    def action_back(self) -> None:
        self.remove_class("-editing")
        self.query_one(Presets).focus_list()


def _title(draft: Draft) -> Content:
    n = len(draft.differences)
    changed = f"  ● {n} changed" if n else ""
    wrong = f"  ✗ {len(draft.problems)} wrong" if draft.problems else ""
    return Content.assemble(safe(draft.base.name, 40), changed, wrong)
