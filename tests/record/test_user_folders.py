"""Folders of the user, and the command that starts this memlab."""

import os
import subprocess
import sys
from pathlib import Path

import memlab
from memlab.record import user_folders
from memlab.record.child_process import memlab_command, memlab_environment


def test_folders_are_those_of_xdg(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    if sys.platform == "linux":
        assert user_folders.cache_folder() == tmp_path / "cache" / "memlab"
        assert user_folders.state_folder() == tmp_path / "state" / "memlab"


def test_without_a_home_folder_there_are_no_user_folders(monkeypatch):
    monkeypatch.setattr(user_folders, "user_cache_path", lambda *_: Path("~/.cache/memlab"))
    monkeypatch.setattr(user_folders, "user_state_path", lambda *_: Path("~/.local/memlab"))
    assert user_folders.cache_folder() is None
    assert user_folders.state_folder() is None


def test_a_child_process_imports_the_same_package(monkeypatch, tmp_path):
    monkeypatch.setenv("PYTHONPATH", "elsewhere")
    environment = memlab_environment()
    here = str(Path(memlab.__file__).parents[1])
    assert environment["PYTHONPATH"] == os.pathsep.join([here, "elsewhere"])
    version = subprocess.run(
        memlab_command("--version"), cwd=tmp_path, env=environment, capture_output=True, text=True
    )
    assert version.stdout == f"memlab {memlab.__version__}\n"
