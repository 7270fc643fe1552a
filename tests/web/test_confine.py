"""Permissions of a tab's process. Audit hooks cannot be removed: tests add them in subprocesses."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

import memlab
from memlab.web.confine import FORBIDDEN, Limits

ROOT = Path(memlab.__file__).parents[1]
FORBIDDEN_EVERYWHERE = {
    "reading outside": "open('/etc/hostname').read()",
    "reading through a link": "open('link').read()",
    "reading through ..": "open('inside/../../secret').read()",
    "listing outside": "os.listdir('/etc')",
    "writing outside": "open('/tmp/memlab-test-outside', 'w')",
    "a shell": "os.system('true')",
    "a program": "subprocess.run(['true'])",
    "a program in a shell": "subprocess.run('true', shell=True)",
    "another memlab": "subprocess.run([sys.executable, '-m', 'memlab', 'runs'])",
    "a fork": "os.fork()",
    "an exec": "os.execv('/bin/true', ['true'])",
    "a signal": "os.kill(os.getpid(), 0)",
    "a connection": "socket.create_connection(('127.0.0.1', 1))",
    "moving a file in": "os.rename('../secret', 'secret')",
    "moving a file out": "os.rename('inside/file', '../file')",
}
CHANGES = {
    "writing": "open('new', 'w').write('x')",
    "appending": "open('inside/file', 'a')",
    "creating with os.open": "os.open('new', os.O_CREAT | os.O_WRONLY)",
    "moving": "os.rename('inside/file', 'file')",
    "a new folder": "os.mkdir('folder')",
    "a new link": "os.symlink('inside/file', 'other')",
    "changing a mode": "os.chmod('inside/file', 0o600)",
    "removing": "os.unlink('inside/file')",
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    outer = tmp_path_factory.mktemp("outer")
    (outer / "secret").write_text("secret")
    here = outer / "here"
    (here / "inside").mkdir(parents=True)
    (here / "link").symlink_to(outer / "secret")
    return here


def refused(folder: Path, lines: dict[str, str], limits: str) -> dict[str, bool]:
    """Whether each line is refused in a process that is confined to limits."""
    (folder / "inside" / "file").write_text("x")
    program = f"""
import os, socket, subprocess, sys
from pathlib import Path
from memlab.web.confine import Limits, confine
confine(Limits({limits}))
for line in {list(lines.values())!r}:
    try:
        exec(line)
        print("allowed")
    except PermissionError as error:
        print(error.strerror)
    except Exception as error:
        print(repr(error))
"""
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    words = [sys.executable, "-c", program]
    run = subprocess.run(words, cwd=folder, env=environment, capture_output=True, text=True)
    results = run.stdout.splitlines()
    assert len(results) == len(lines), run.stderr
    assert set(results) <= {"allowed", FORBIDDEN}, dict(zip(lines, results, strict=True))
    return {name: text == FORBIDDEN for name, text in zip(lines, results, strict=True)}


def test_a_read_only_tab_reads_its_folder_and_changes_nothing(folder):
    reads = {
        "a file": "open('inside/file').read()",
        "a folder": "os.listdir('.')",
        "a module": "import memlab.preset.load, unittest.mock",
        "shipped presets": "assert memlab.preset.load.available()",
        "a process's state": "open(f'/proc/{os.getpid()}/stat').read()",
    }
    lines = reads | FORBIDDEN_EVERYWHERE | CHANGES
    result = refused(folder, lines, "readable=[Path('.')], writable=[], programs=[]")
    assert result == {name: name not in reads for name in lines}


def test_a_tab_with_control_changes_only_its_folder(folder):
    allowed = CHANGES | {"its program": "subprocess.run([sys.executable, '-c', 'pass'])"}
    lines = FORBIDDEN_EVERYWHERE | allowed
    limits = "readable=[], writable=[Path('.')], programs=[(sys.executable, '-c')]"
    # The lines run in order: `moving` removes the file that later lines need.
    del lines["moving"]
    result = refused(folder, lines, limits)
    assert result == {name: name in FORBIDDEN_EVERYWHERE for name in lines}


def test_a_descriptor_and_a_missing_path_are_not_checked_as_paths(tmp_path):
    limits = Limits(readable=[tmp_path], writable=[], programs=[])
    limits.hook("open", (3, "r", 0))
    limits.hook("os.listdir", (None,))
    with pytest.raises(PermissionError, match=FORBIDDEN):
        limits.hook("os.truncate", (3, 0))
