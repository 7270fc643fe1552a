"""Untrusted names, prompts and files: no control character is printed, no pickle is loaded."""

import ast
import json
import os
import pickle
from pathlib import Path

import pytest
from typer.testing import CliRunner

import memlab
from memlab.cli.app import app
from memlab.errors import MemlabError
from memlab.preset.create import create_run
from memlab.preset.load import load
from memlab.record import sealed_json
from memlab.record.doctor import examine
from memlab.record.runs import delete, list_runs, restore
from memlab.training.worker import work

from ..cli.conftest import TINY

SOURCES = sorted(Path(memlab.__file__).parent.rglob("*.py"))
ESCAPE = "\x1b"
HOSTILE = (
    "a[/b][@click=app.quit]x\x1b]0;title\x07\x1b[2J\x1b[31m\x9b31m\x90q\x9c\u202eto\u2066left"
    "\u200bwidth\nnext\r\ttab\u2028\ue000\x1b]52;c;cm0gLXJm\x07"
)


@pytest.fixture(scope="module")
def hostile(tmp_path_factory):
    """A finished run in which every free text is hostile, in a folder with a hostile preset."""
    top = tmp_path_factory.mktemp("hostile")
    (top / "presets").mkdir()
    quoted = json.dumps(HOSTILE)
    (top / "presets" / "tiny.yaml").write_text(
        TINY.replace("about: Addition mod 7, for tests.", f"about: {quoted}")
    )
    folder = create_run(
        load(str(top / "presets/tiny.yaml"), ["training.steps=20"]), top / "runs", HOSTILE
    )
    for _ in work(folder, device="cpu"):
        pass
    folder.set_labels(tags=[HOSTILE], note=HOSTILE)
    log = folder.path / "attempts/001/events.jsonl"
    context = f"{folder.id}/attempts/001/events.jsonl"
    *lines, last = log.read_bytes().splitlines(keepends=True)
    changed = []
    for line in lines:
        event = sealed_json.unseal(line, context)
        for sample in event.get("samples", []):
            sample.update(prompt=HOSTILE, target=HOSTILE, answer=HOSTILE)
            sample["tokens"] = [{**t, "text": HOSTILE, "ok": False} for t in sample["tokens"]]
        changed.append(sealed_json.seal(event, context))
    finding = {"kind": "finding", "step": 20, "wall": 1.0, "seq": len(lines), "level": HOSTILE}
    finding |= {"what": HOSTILE, "why": HOSTILE, "advice": HOSTILE}
    ended = sealed_json.unseal(last, context) | {"seq": len(lines) + 1, "reason": HOSTILE}
    log.write_bytes(b"".join([*changed, *(sealed_json.seal(e, context) for e in (finding, ended))]))
    (folder.path / HOSTILE.replace("/", "")).write_text("")
    return top


COMMANDS = [
    ["runs"], ["runs", "--json"], ["show", "last"], ["show", "last", "--json"], ["show", "last", "--csv"],
    ["doctor", "last"], ["doctor", "last", "--json"], ["presets"], ["presets", "--json"],
    ["check", "presets/tiny.yaml"], ["check", "presets/tiny.yaml", HOSTILE], ["check", HOSTILE],
    ["show", HOSTILE], ["run", "presets/tiny.yaml", f"{HOSTILE}=1"], ["resume", "last", f"optimizer.lr={HOSTILE}"],
    ["predict", "last", HOSTILE], ["predict", "last", "1 + 1 =", "--at", HOSTILE], ["eval", "last", "--split", HOSTILE],
    ["replay", "last", "--once", "--size", "100x30"], ["spikes", "last"], ["verify", "last"],
    ["show", "last", "--runs", HOSTILE], ["data", "presets/tiny.yaml", "--out", "out", "--format", HOSTILE],
]  # fmt: skip


def has_only_harmless_characters(text):
    """Whether a text is printable; line breaks, and carriage returns in CSV, are memlab's own."""
    return not [c for c in text if not c.isprintable() and c not in "\n\r"]


@pytest.mark.parametrize(
    "words", COMMANDS, ids=lambda words: " ".join(words)[:30].encode("unicode_escape").decode()
)
def test_no_command_prints_a_hostile_character(hostile, words, monkeypatch):
    monkeypatch.chdir(hostile)
    monkeypatch.setenv("MEMLAB_RUNS", str(hostile / "runs"))
    result = CliRunner().invoke(app, words)
    message = str(result.exception) if isinstance(result.exception, MemlabError) else ""
    if message:
        from memlab.record.safe_text import safe_text

        message = safe_text(message, 4000, lines=True)
    assert result.exception is None or isinstance(result.exception, MemlabError | SystemExit), (
        result.exc_info
    )
    printed = result.stdout + result.stderr + message
    if "--json" in words:
        for line in result.stdout.splitlines():
            json.loads(line)
    assert has_only_harmless_characters(printed), [c for c in printed if not c.isprintable()][:9]


def test_no_escape_sequence_of_a_hostile_name_reaches_the_terminal(hostile, program):
    """Runs the real program on a pseudo-terminal."""
    program.folder = hostile
    for words in (["show", "last"], ["runs"], ["show", HOSTILE]):
        process = program.start(*words, terminal=True)
        printed = process.read_screen().decode()
        process.wait()
        os.close(process.screen)
        for bad in ("\x1b]", "\x1b[2J", "\x9b", "\x90", "\u202e", "\x07", "\u200b"):
            assert bad not in printed


def test_no_module_imports_or_calls_an_unpickler():
    forbidden = {"pickle", "cPickle", "dill", "cloudpickle", "joblib", "shelve", "marshal"}
    for path in SOURCES:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Import):
                assert not forbidden & {alias.name.partition(".")[0] for alias in node.names}, path
            if isinstance(node, ast.ImportFrom):
                assert (node.module or "").partition(".")[0] not in forbidden, path
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
                assert f"{node.value.id}.{node.attr}" not in ("torch.load", "torch.save"), path
            if isinstance(node, ast.keyword) and node.arg == "allow_pickle":
                assert getattr(node.value, "value", None) is False, path


def test_no_command_loads_a_pickle(hostile, monkeypatch):
    """Every function that unpickles raises."""

    def refuse(*_):
        raise AssertionError("a pickle was loaded")

    for name in ("load", "loads", "Unpickler"):
        monkeypatch.setattr(pickle, name, refuse)
    monkeypatch.setattr("torch.load", refuse)
    monkeypatch.setenv("MEMLAB_RUNS", str(hostile / "runs"))
    for words in (
        ["show", "last"],
        ["predict", "last", "1 + 1 ="],
        ["eval", "last"],
        ["doctor", "last"],
    ):
        result = CliRunner().invoke(app, words)
        assert result.exit_code in (0, 3), (words, result.exc_info)


@pytest.mark.parametrize("name", ["../out", "/etc", "..", "a/b", "", "."])
def test_a_name_that_leads_out_of_the_folder_cannot_be_restored(hostile, name):
    with pytest.raises(MemlabError):
        restore(hostile / "runs", name)


def test_run_folders_of_links_and_pipes_are_listed_without_blocking_or_failing(tmp_path):
    runs = tmp_path / "runs"
    for name, make in {
        "20260101T000000-pipe": lambda p: os.mkfifo(p / "run.json"),
        "20260101T000000-loop": lambda p: (p / "run.json").symlink_to(p / "run.json"),
        "20260101T000000-folder": lambda p: (p / "run.json").mkdir(),
        "20260101T000000-empty": lambda p: (p / "run.json").write_bytes(b""),
        "20260101T000000-huge": lambda p: os.truncate(
            os.open(p / "run.json", os.O_CREAT | os.O_RDWR), 5 << 30
        ),
        "20260101T000000-link": lambda p: (p / "run.json").symlink_to("/etc/passwd"),
        "20260101T000000-deep": lambda p: (p / "run.json").write_bytes(b"[" * 10**6),
    }.items():
        (runs / name).mkdir(parents=True)
        make(runs / name)
    (runs / "attempts").symlink_to(runs)
    words = ["runs", "--json", "--runs", str(runs)]
    result = CliRunner().invoke(app, words)
    assert result.exit_code == 0 and len(json.loads(result.stdout)) == 7
    for folder in list_runs(runs):
        assert not examine(folder).healthy
        delete(folder)
    assert list_runs(runs) == []
