"""A preset is edited as YAML in an editor; scripts replace the editor and its user."""

import errno
from contextlib import nullcontext
from pathlib import Path

import pytest
from textual.widgets import Button, Static

from memlab.errors import MemlabError
from memlab.tui.dialogs import Confirm
from memlab.tui.lab.editor import edited


@pytest.fixture
def editor(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Sets `$EDITOR` to a script; `$1` is the file."""
    monkeypatch.delenv("VISUAL", raising=False)

    def make(script: str, name: str = "editor", arguments: str = "") -> Path:
        path = tmp_path / name
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(0o700)
        monkeypatch.setenv("EDITOR", f"'{path}' {arguments}")
        return path

    return make


@pytest.fixture
def lab(console, settle, monkeypatch):
    """A console that can be suspended."""
    monkeypatch.setattr("memlab.tui.app.Memlab.suspend", lambda app: nullcontext())
    return console


async def _edit(app, pilot, settle) -> None:
    await pilot.press("e")
    await pilot.pause()
    if not isinstance(app.screen, Confirm):
        await settle(app, pilot)


async def _answer(app, pilot, name: str) -> None:
    next(button for button in app.screen.query(Button) if button.name == name).press()
    await pilot.pause()


def _question(app) -> str:
    assert isinstance(app.screen, Confirm)
    return str(app.screen.query_one(Static).content)


async def test_changes_in_the_editor_appear_in_the_form(lab, settle, editor) -> None:
    editor("sed -i 's/modulus: 23/modulus: 29/; s/^name: .*/name: żółw/' \"$1\"")
    async with lab() as (app, pilot):
        await _edit(app, pilot, settle)
        changed = {"task.modulus": ("23", "29"), "name": ("quickstart", "żółw")}
        assert app.screen._draft.differences == changed


async def test_unchanged_text_is_not_a_change(lab, settle, editor) -> None:
    editor("true")
    async with lab() as (app, pilot):
        await _edit(app, pilot, settle)
        assert not app.screen._draft.differences


async def test_changes_in_the_form_appear_in_the_editor(lab, settle, editor) -> None:
    editor('cp "$1" seen.yaml')
    async with lab() as (app, pilot):
        app.screen._show(app.screen._draft.typed("model.n_layers", "3"))
        await _edit(app, pilot, settle)
        assert "n_layers: 3" in Path("seen.yaml").read_text()
        assert app.screen._draft.differences == {"model.n_layers": ("1", "3")}


@pytest.mark.parametrize(
    ("bad", "told"),
    [("[29", "not valid YAML"), ("2.5", "wrong type"), ("-1", "too small")],
)
async def test_invalid_text_is_reported_with_its_position_and_can_be_corrected(
    lab, settle, editor, bad, told
) -> None:
    editor(f"sed -i 's/modulus: 23/modulus: {bad}/; s/n_layers: 1/n_layers: 2/' \"$1\"")
    async with lab() as (app, pilot):
        await _edit(app, pilot, settle)
        question = _question(app)
        assert told in question
        editor('cp "$1" seen.yaml; sed -i \'s/modulus: .*/modulus: 29/\' "$1"')
        await _answer(app, pilot, "again")
        await settle(app, pilot)
        changed = {"task.modulus": ("23", "29"), "model.n_layers": ("1", "2")}
        assert app.screen._draft.differences == changed
        _, line, column, _ = question.split(":", 3)
        lines = Path("seen.yaml").read_text().splitlines()
        at = next(i for i, text in enumerate(lines, 1) if "modulus" in text)
        assert int(line) - at in (0, 1)
        assert 1 <= int(column) <= len(lines[int(line) - 1])


async def test_a_full_disk_is_reported_and_nothing_is_lost(
    lab, settle, editor, monkeypatch
) -> None:
    def full(*_, **__):
        raise OSError(errno.ENOSPC, "No space left on device")

    editor("true")
    async with lab() as (app, pilot):
        app.screen._show(app.screen._draft.typed("model.n_layers", "3"))
        with monkeypatch.context() as patch:
            patch.setattr("tempfile.TemporaryDirectory", full)
            await _edit(app, pilot, settle)
        assert "No space left on device" in _question(app)
        await _answer(app, pilot, "again")
        await settle(app, pilot)
        assert app.screen._draft.differences == {"model.n_layers": ("1", "3")}


async def test_invalid_text_can_be_discarded(lab, settle, editor) -> None:
    editor('echo nonsense >> "$1"')
    async with lab() as (app, pilot):
        await _edit(app, pilot, settle)
        await _answer(app, pilot, "forget")
        await settle(app, pilot)
        assert app.current_mode == "lab"
        assert not app.screen._draft.differences


async def test_an_editor_that_fails_keeps_earlier_changes(lab, settle, editor) -> None:
    editor("sed -i 's/modulus: 23/modulus: [29/' \"$1\"")
    async with lab() as (app, pilot):
        await _edit(app, pilot, settle)
        editor("exit 3")
        await _answer(app, pilot, "again")
        assert "the editor failed" in _question(app)
        assert "exit code 3" in _question(app)
        editor("sed -i 's/\\[29/29/' \"$1\"")
        await _answer(app, pilot, "again")
        await settle(app, pilot)
        assert app.screen._draft.differences == {"task.modulus": ("23", "29")}


async def test_without_a_terminal_the_console_shows_an_error(console, settle, editor) -> None:
    editor("true")
    async with console() as (app, pilot):
        await _edit(app, pilot, settle)
        assert [note.message for note in app._notifications]


def test_an_editor_may_have_arguments(editor) -> None:
    editor('test "$1 $2" = "--wait a b" && echo "seen" > "$3"', arguments="--wait 'a b'")
    assert edited("text") == "seen\n"


def test_visual_comes_before_editor(editor, monkeypatch) -> None:
    visual = editor("echo visual > $1", name="visual")
    editor("echo editor > $1")
    monkeypatch.setenv("VISUAL", str(visual))
    assert edited("") == "visual\n"


@pytest.mark.parametrize("value", [None, ""])
def test_without_variables_the_editor_is_vi(editor, monkeypatch, tmp_path, value) -> None:
    editor("echo vi > $1", name="vi")
    monkeypatch.delenv("EDITOR")
    if value is not None:
        monkeypatch.setenv("EDITOR", value)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    assert edited("") == "vi\n"


@pytest.mark.parametrize("command", ["not-here --wait", "'unclosed", " ", "/"])
def test_a_failure_to_start_the_editor_is_reported(monkeypatch, command) -> None:
    monkeypatch.setenv("VISUAL", command)
    with pytest.raises(MemlabError, match="the editor failed") as told:
        edited("text")
    assert "$EDITOR" in str(told.value)


def test_ctrl_c_in_the_editor_does_not_end_the_console(editor) -> None:
    editor("kill -INT $PPID; echo after > $1")
    assert edited("before") == "after\n"


def test_invalid_utf_8_from_the_editor_is_replaced(editor) -> None:
    editor("printf 'name: \\377' > $1")
    assert edited("") == "name: \ufffd"
