"""The Lab screen, used with keys and mouse."""

from pathlib import Path

import pytest
from textual.widgets import Input, Static

from memlab.errors import RunError
from memlab.preset.load import load
from memlab.sweeps.sweep import Sweep, sweep_paths
from memlab.tui.duration import duration
from memlab.tui.footer import Footer
from memlab.tui.lab.form import SettingsForm
from memlab.tui.lab.preflight import Preflight
from memlab.tui.lab.presets import PresetOptions, Presets
from memlab.tui.lab.sheet import NAME, Sheet, SheetLine
from memlab.tui.live.frame import text_of

EVERY_SIZE = pytest.mark.parametrize(
    "size",
    [(80, 24), *(pytest.param(size, marks=pytest.mark.slow) for size in [(120, 40), (200, 60)])],
)
"""At 80 x 24 some text may not fit; most other tests use 120 x 40."""


def _line(app, key: str) -> SheetLine:
    return next(line for line in app.screen.query_one(Sheet).lines if line.key == key)


def _here(app) -> str:
    return app.screen.query_one(Sheet).line.key


def _go(app, key: str) -> None:
    app.screen.query_one(SettingsForm).enter(key)


def _text(app, selector) -> str:
    return str(app.screen.query_one(selector, Static).content)


async def _type(app, pilot, settle, key: str, text: str) -> None:
    _go(app, key)
    await pilot.pause()
    await pilot.press("ctrl+u", *text)
    await settle(app, pilot)


@EVERY_SIZE
async def test_presets_are_grouped_by_folder_and_quickstart_is_selected(console, size) -> None:
    async with console(size=size) as (app, _):
        options = app.screen.query_one(PresetOptions)
        shown = [str(options.get_option_at_index(i).prompt) for i in range(options.option_count)]
        assert [one.strip() for one in shown] == [
            "presets/", "quickstart", "presets/mine/", "✗ broken", "no-decay",
        ]  # fmt: skip
        assert options.highlighted_option.id == "quickstart"
        assert "Memorizes" in _text(app, "#about Static")


async def test_presets_without_room_have_no_pages(console) -> None:
    async with console(size=(100, 1)) as (app, pilot):
        app.screen.query_one(PresetOptions).focus()
        await pilot.press("pagedown", "pageup")


async def test_the_filter_finds_name_folder_and_text(console, settle) -> None:
    async with console() as (app, pilot):
        options = app.screen.query_one(PresetOptions)
        for typed, found in (
            ("decay", ["no-decay"]),
            ("mine/", ["broken", "no-decay"]),
            ("memorizes", ["quickstart"]),
        ):
            await pilot.press("slash", "ctrl+u", *typed, "enter")
            ids = [options.get_option_at_index(i).id for i in range(options.option_count)]
            assert [one for one in ids if one] == found
            assert options.has_focus


async def test_the_filter_puts_the_cursor_on_a_preset_with_the_words_in_its_name(
    console, here: Path, settle
) -> None:
    path = here / "presets" / "after" / "spike.yaml"
    path.parent.mkdir()
    path.write_text("extends: quickstart\nname: spike\nabout: Has no weight decay.\n")
    path = here / "presets" / "before.yaml"
    path.write_text("extends: quickstart\nname: before\nabout: It may spike.\n")
    async with console() as (app, pilot):
        await pilot.press("slash", *"spike", "enter")
        assert app.screen.query_one(Presets).name_at_cursor == "spike"
        await pilot.press("slash", "ctrl+u", *"may", "space", *"spike", "enter")
        assert app.screen.query_one(Presets).name_at_cursor == "before"


async def test_an_invalid_preset_shows_its_error(console, settle) -> None:
    async with console() as (app, pilot):
        await pilot.press("down")
        await settle(app, pilot)
        assert "unknown task" in _text(app, "#about Static")


async def test_typing_marks_the_field_and_shows_the_difference(console, settle) -> None:
    async with console() as (app, pilot):
        await _type(app, pilot, settle, "optimizer.lr", "0.01")
        assert _line(app, "optimizer.lr").changed
        assert "0.001 → 0.01" in _text(app, Preflight)
        assert "● 1 changed" in str(app.screen.query_one(SettingsForm).border_title)


async def test_a_field_keeps_the_text_while_it_has_focus(console, settle) -> None:
    async with console() as (app, pilot):
        for key, keys, holds in (
            ("model.dropout", ["ctrl+u", *"0.1"], "0.1"),
            ("optimizer.weight_decay", [*"2.50"], "2.5"),
            ("optimizer.clip_grad_norm", ["backspace", *"1.5"], "1.5"),
            ("optimizer.clip_grad_norm", ["end", *["backspace"] * 4, *"1.5"], "1.5"),
            ("optimizer.lr", ["end", *"5", "left", "backspace", "0"], "0.0005"),
        ):
            _go(app, key)
            for one in keys:
                await pilot.press(one)
                await settle(app, pilot)
            assert app.screen._draft.differences[key][1] == holds
            await pilot.press("down")
            await settle(app, pilot)
            await pilot.press("up")
            await settle(app, pilot)
            assert app.screen.query_one("#value", Input).value == holds
            await pilot.press("ctrl+b")  # restores the value of the preset
            await settle(app, pilot)
            assert key not in app.screen._draft.differences


async def test_typing_replaces_a_value_and_reset_restores_it(console, settle) -> None:
    async with console() as (app, pilot):
        await pilot.press("enter", *["down"] * 2)
        for text in ("53", "59"):
            await settle(app, pilot)
            await pilot.press(*text)
            await settle(app, pilot)
            assert _line(app, _here(app)).value == text
            await pilot.press("ctrl+b")
            await settle(app, pilot)
            assert app.screen.query_one("#value", Input).value == "23"


async def test_text_being_typed_is_kept_when_the_presets_are_reloaded(console, settle) -> None:
    async with console() as (app, pilot):
        await _type(app, pilot, settle, "optimizer.weight_decay", "0.")
        app.screen.read_presets()
        await settle(app, pilot)
        await pilot.press("5")
        await settle(app, pilot)
        assert _line(app, "optimizer.weight_decay").value == "0.5"


@EVERY_SIZE
@pytest.mark.parametrize("key", [None, "task.kind", "optimizer.lr"])
async def test_all_keys_of_the_footer_are_visible(console, settle, size, key) -> None:
    async with console(size=size) as (app, pilot):
        if key:
            _go(app, key)
        await settle(app, pilot)
        footer = app.screen.query_one(Footer)
        keys = [f"{key.display} {key.description}" for key in footer.shown]
        assert footer.shown[0].description == "help"
        assert footer.region.right <= size[0]
        assert footer.render_line(0).text.startswith(" ".join(keys))


async def test_an_invalid_field_shows_the_old_value_and_the_error(console, settle) -> None:
    async with console() as (app, pilot):
        for text, why in (("fast", "has the wrong type"), ("-1", "too small")):
            await _type(app, pilot, settle, "optimizer.lr", text)
            sheet = app.screen.query_one(Sheet)
            assert sheet.render_line(sheet.place()[1]).text.rstrip().endswith(" was 0.001")
            assert why in _text(app, "#field-help")


@EVERY_SIZE
async def test_the_original_value_is_shown_in_full_or_with_an_ellipsis(
    console, settle, size
) -> None:
    async with console(size=size) as (app, pilot):
        await _type(app, pilot, settle, "optimizer.lr", "0.0005")
        await _type(app, pilot, settle, "name", "another")
        sheet, drawn = app.screen.query_one(Sheet), {}
        for key in ("optimizer.lr", "name"):
            _go(app, key)
            await settle(app, pilot)
            drawn[key] = sheet.render_line(sheet.place()[1]).text.rstrip()
        assert drawn["optimizer.lr"].endswith(" was 0.001")
        assert drawn["name"].endswith(" was quickstart" if size[0] == 200 else "…")


async def test_an_invalid_value_is_reported_while_typing_and_cannot_be_started(
    console, settle, trained
) -> None:
    async with console() as (app, pilot):
        await _type(app, pilot, settle, "model.n_layers", "2")
        await _type(app, pilot, settle, "optimizer.lr", "-1")
        line = _line(app, "optimizer.lr")
        assert line.wrong
        assert line.sign == "✗"
        assert "optimizer.lr is too small" in _text(app, "#field-help")
        _go(app, "task.modulus")
        await pilot.press("ctrl+r")
        await settle(app, pilot)
        assert not trained.trained
        assert _here(app) == "optimizer.lr"


async def test_choices_turn_by_keys_and_by_mouse(console, settle) -> None:
    async with console() as (app, pilot):
        sheet = app.screen.query_one(Sheet)
        _go(app, "task.operation")
        await pilot.press("right")
        await settle(app, pilot)
        assert _line(app, "task.operation").value == "subtract"
        for x in (NAME + 4, NAME):
            await pilot.click(sheet, offset=(x, sheet.place()[1]))
            await settle(app, pilot)
        assert _line(app, "task.operation").value == "subtract"
        await pilot.press("left")
        await settle(app, pilot)
        assert _line(app, "task.operation").value == "add"
        assert "no changes" in _text(app, Preflight)


async def test_arrows_enter_and_the_mouse_go_from_field_to_field(console, settle) -> None:
    async with console(size=(80, 24)) as (app, pilot):
        sheet = app.screen.query_one(Sheet)
        await pilot.press("enter")
        keys = [line.key for line in sheet.lines if line.key]
        assert _here(app) == "task.kind"
        _go(app, keys[-12])
        for key in keys[-11:]:
            await pilot.press("down")
            assert _here(app) == key
            assert sheet.place() is not None
        await pilot.press(*["up"] * 5, "enter")
        assert _here(app) == keys[-5]
        await pilot.click(sheet, offset=(3, sheet.place()[1] - 1))
        await settle(app, pilot)
        assert _here(app) == keys[-6]


async def test_another_task_changes_the_fields_and_keeps_the_cursor(console, settle) -> None:
    async with console() as (app, pilot):
        _go(app, "task.kind")
        while _line(app, "task.kind").value != "sentence":
            await pilot.press("right")
            await settle(app, pilot)
        assert _line(app, "task.text")
        assert _here(app) == "task.kind"
        assert app.screen.query_one(Sheet).has_focus


async def test_preflight_follows_edits(console, settle) -> None:
    async with console() as (app, pilot):
        assert "no findings" in _text(app, Preflight) or "⚠" in _text(app, Preflight)
        await _type(app, pilot, settle, "model.n_heads", "32")
        assert "an attention head has 1 number" in _text(app, Preflight)


async def test_the_duration_is_measured_on_demand(console, settle) -> None:
    async with console() as (app, pilot):
        await pilot.press("m")
        await settle(app, pilot)
        assert "6 s" in _text(app, Preflight)


async def test_a_failed_time_measurement_is_shown_until_the_report_changes(
    console, settle, trained
) -> None:
    def refuse(preset) -> float:
        raise RunError("a run trains here")

    trained.probe = refuse
    async with console() as (app, pilot):
        await pilot.press("m")
        await settle(app, pilot)
        assert "measurement failed: a run trains here" in _text(app, Preflight)
        await _type(app, pilot, settle, "model.n_layers", "2")
        assert "press m to estimate" in _text(app, Preflight)


async def test_reset_revert_and_the_next_changed_field(console, settle) -> None:
    async with console() as (app, pilot):
        await _type(app, pilot, settle, "optimizer.lr", "0.01")
        await _type(app, pilot, settle, "model.n_layers", "3")
        await pilot.press("ctrl+n")
        assert _here(app) == "optimizer.lr"
        await pilot.press("ctrl+b")
        await settle(app, pilot)
        assert _line(app, "optimizer.lr").value == "0.001"
        assert _line(app, "model.n_layers").value == "3"
        await pilot.press("ctrl+z")
        await settle(app, pilot)
        assert _line(app, "model.n_layers").value == "1"


async def test_escape_is_offered_and_leads_back_to_the_presets(console, settle) -> None:
    async with console() as (app, pilot):
        options = app.screen.query_one(PresetOptions)
        assert "escape" not in app.screen.active_bindings
        for key in ("enter", "slash"):
            await pilot.press(key)
            assert not options.has_focus
            assert "escape" in app.screen.active_bindings
            await pilot.press("escape")
            assert options.has_focus


async def test_reverted_changes_can_be_restored(console, settle) -> None:
    async with console() as (app, pilot):
        await _type(app, pilot, settle, "model.n_layers", "3")
        for value in ("1", "3", "1"):
            await pilot.press("ctrl+z")
            await settle(app, pilot)
            assert _line(app, "model.n_layers").value == value


async def test_on_a_short_screen_the_description_is_below_the_form(console, settle) -> None:
    async with console(size=(80, 24)) as (app, pilot):
        assert "Memorizes" in _text(app, "#field-help")
        await pilot.press("enter")
        await settle(app, pilot)
        assert "task.kind" in _text(app, "#field-help")
        await pilot.press("escape", "end")
        await settle(app, pilot)
        assert "without weight decay" in _text(app, "#field-help")


async def test_the_keyboard_reaches_all_of_preflight(console, settle) -> None:
    async with console(size=(80, 24)) as (app, pilot):
        await _type(app, pilot, settle, "model.n_heads", "32")
        while app.focused.id != "preflight":
            await pilot.press("tab")
        await pilot.press("end")
        await settle(app, pilot)
        assert app.focused.scroll_y == app.focused.max_scroll_y > 0


async def test_changes_are_kept_while_another_preset_is_shown(console, settle) -> None:
    async with console() as (app, pilot):
        await _type(app, pilot, settle, "optimizer.lr", "0.01")
        await pilot.press("escape", "down", "down")
        await settle(app, pilot)
        assert _line(app, "optimizer.weight_decay").value == "0.0"
        await pilot.press("up", "up")
        await settle(app, pilot)
        assert _line(app, "optimizer.lr").value == "0.01"


async def test_start_creates_a_run_of_the_draft_and_trains_it(console, settle, trained) -> None:
    async with console() as (app, pilot):
        await _type(app, pilot, settle, "optimizer.lr", "0.01")
        await pilot.press("ctrl+r")
        await settle(app, pilot)
        assert len(trained.trained) == 1
        folder = trained.trained[0]
        assert folder.labels().name == "quickstart lr=0.01"
        assert folder.description["preset"]["optimizer"]["lr"] == 0.01


async def test_save_as_writes_a_preset_and_selects_it(console, settle) -> None:
    async with console() as (app, pilot):
        await _type(app, pilot, settle, "optimizer.lr", "0.01")
        await pilot.press("escape", "w")
        await pilot.press(*"quickstart", "enter")
        assert "already exists in" in str(app.screen.query_one(".problem", Static).content)
        await pilot.press(*"-fast", "enter")
        await settle(app, pilot)
        assert load("quickstart-fast").optimizer.lr == 0.01
        assert app.screen.query_one(PresetOptions).highlighted_option.id == "quickstart-fast"


@pytest.mark.parametrize(
    ("name", "why"),
    [("a-file/mine", "a-file"), (f"{'a/' * 3000}mine", "File name too long")],
    ids=["no folder", "too long"],
)
async def test_a_failure_to_save_a_preset_is_reported(console, here, settle, name, why) -> None:
    (here / "presets" / "a-file").touch()
    async with console() as (app, pilot):
        await pilot.press("w")
        app.screen.query_one(Input).value = name
        await pilot.press("enter")
        await settle(app, pilot)
        messages = [one.message for one in app._notifications]
        assert len(messages) == 1 and messages[0].startswith("not saved") and why in messages[0]
        assert app.current_mode == "lab"


async def test_text_with_escaped_characters_cannot_be_edited_in_the_form(
    console, here, settle
) -> None:
    evil = (here / "presets" / "quickstart.yaml").read_text()
    evil = evil.replace("name: quickstart", 'name: "[red]\\u202e\\x1b[2J"')
    (here / "presets" / "evil.yaml").write_text(evil)
    async with console() as (app, pilot):
        await pilot.press("home")
        await settle(app, pilot)
        assert app.screen.query_one(PresetOptions).highlighted_option.id == "evil"
        _go(app, "name")
        await pilot.press("x")
        await settle(app, pilot)
        assert app.screen._draft.differences == {}
        sheet = app.screen.query_one(Sheet)
        shown = sheet.render_line(sheet.place()[1]).text
        assert shown.isprintable()
        assert "[red]" in shown


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.25, "0.25 s"), (6, "6 s"), (130, "2 min 10 s"), (7200, "2 h"), (90061, "1 d 1 h")],
)
def test_durations_are_readable(seconds: float, text: str) -> None:
    assert duration(seconds) == text


async def test_preflight_has_the_description_and_the_claims_of_the_preset(console, here, settle):
    claims = "[{measure: val_loss, at_most: 0.5, at_end: true, source: s}, "
    claims += "{measure: val_accuracy, at_least: 0.9, by_step: 2000, source: s}]"
    text = (here / "presets/quickstart.yaml").read_text()
    (here / "presets/quickstart.yaml").write_text(f"{text}\nclaims: {claims}\n")
    async with console() as (app, _):
        shown = _text(app, Preflight)
        assert "about" in shown and "then generalizes" in shown
        assert "val_loss <= 0.5 at the end" in shown
        assert "val_accuracy >= 0.9 by step 2,000" in shown


async def test_the_duration_is_estimated_automatically_on_an_idle_machine(
    console, trained, settle
) -> None:
    async with console() as (app, _):
        assert "press m to estimate" in _text(app, Preflight)
    trained.is_machine_idle = lambda: True
    async with console() as (app, pilot):
        await settle(app, pilot)
        assert "press m to estimate" not in _text(app, Preflight)
        assert "6 s" in _text(app, Preflight)


async def test_values_with_commas_show_a_sweep_and_start_creates_it(console, here, settle) -> None:
    async with console() as (app, pilot):
        resumed = []
        object.__setattr__(app.trainer, "resume_sweep", resumed.append)
        await _type(app, pilot, settle, "optimizer.weight_decay", "0,0.1,1")
        await _type(app, pilot, settle, "training.seed", "0,1")
        text = _text(app, Preflight)
        assert "members" in text and "3: weight_decay (3)" in text and "press m" in text
        assert not list((here / "runs").glob("sweeps/*"))
        await pilot.press("escape", "m")
        await settle(app, pilot)
        assert "at once" in _text(app, Preflight)
        await pilot.press("s")
        await settle(app, pilot)
        (sweep,) = [Sweep.open(path) for path in sweep_paths(here / "runs")]
        assert resumed == [sweep.path]
        assert len(sweep.members) == 6 and sweep.seeds == (0, 1)
        assert [cell.at["optimizer.weight_decay"] for cell in sweep.cells] == [0, 0.1, 1]
        assert app.current_mode == "sweeps" and "0/6" in text_of(app)


async def test_an_invalid_value_of_an_axis_is_reported_and_nothing_starts(
    console, here, settle
) -> None:
    async with console() as (app, pilot):
        await _type(app, pilot, settle, "optimizer.lr", "0.1,-1")
        assert _line(app, "optimizer.lr").wrong
        assert "✗" in _text(app, Preflight)
        await pilot.press("ctrl+r")
        await settle(app, pilot)
        assert app.current_mode == "lab" and not sweep_paths(here / "runs")


async def test_a_comma_adds_a_choice_and_arrows_return_to_one(console, settle) -> None:
    async with console() as (app, pilot):
        _go(app, "task.operation")
        await pilot.pause()
        await pilot.press("comma")
        await settle(app, pilot)
        first, second = _line(app, "task.operation").value.split(",")
        assert first == "add" and second != "add"
        await pilot.press("right")
        await settle(app, pilot)
        assert "," not in _line(app, "task.operation").value


async def test_a_filter_that_no_preset_matches_says_so(console, settle) -> None:
    async with console() as (app, pilot):
        await pilot.press("slash", *"nothing")
        await settle(app, pilot)
        assert "no preset matches" in text_of(app)
        await pilot.press(*["backspace"] * 7, "enter", "s")
        await settle(app, pilot)
        assert "no preset matches" not in text_of(app)


async def test_starting_before_a_preset_is_selected_is_explained(console, trained) -> None:
    async with console() as (app, pilot):
        app.screen._draft = None
        await pilot.press("s")
        await pilot.pause()
        assert any("no preset is selected" in n.message for n in app._notifications)
        assert not trained.trained
