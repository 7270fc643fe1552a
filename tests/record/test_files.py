"""File access: special files, read errors, and folders that two processes create."""

import errno
import os
from pathlib import Path

import pytest

from memlab.record import files

SPECIAL = {
    "a pipe": os.mkfifo,
    "a folder": os.mkdir,
    "a link to itself": lambda path: path.symlink_to(path),
    "a link to a file": lambda path: path.symlink_to(path.parent / "real"),
    "a link to nothing": lambda path: path.symlink_to("nothing"),
    "nothing": lambda path: None,
    "a folder without permissions": lambda path: path.mkdir(0o000),
}


@pytest.mark.parametrize("kind", SPECIAL)
def test_only_regular_files_are_read_and_no_read_blocks(tmp_path, kind):
    (tmp_path / "real").write_bytes(b"secret")
    path = tmp_path / "special"
    SPECIAL[kind](path)
    before = len(os.listdir("/proc/self/fd")) if Path("/proc/self/fd").exists() else 0
    assert files.read(path) is None
    assert b"secret" not in files.read_from(path, 0, 100)
    with files.reading(path) as read:
        assert read(100, 0) == b""
    with pytest.raises(OSError):
        files.open_to_read(path)
    after = len(os.listdir("/proc/self/fd")) if Path("/proc/self/fd").exists() else 0
    assert after == before


def test_a_device_is_not_read():
    assert files.read("/dev/zero") is None and files.read_from("/dev/zero", 0, 10) == b""


def test_a_read_error_returns_no_data(tmp_path, monkeypatch):
    def fail(fd, *_):
        raise OSError(errno.EIO, "Input/output error")

    path = tmp_path / "file"
    path.write_bytes(b"x" * 100)
    with monkeypatch.context() as patch:
        patch.setattr(os, "read", fail)
        patch.setattr(os, "pread", fail)
        assert files.read(path) is None and files.read_from(path, 0, 10) == b""
    assert files.read(path) == b"x" * 100 and files.read_from(path, 90, 20) == b"x" * 10


def test_a_file_above_the_size_limit_is_not_read(tmp_path):
    path = tmp_path / "huge"
    path.touch()
    os.truncate(path, files.READ_LIMIT)
    assert files.read(path, limit=files.READ_LIMIT - 1) is None
    os.truncate(path, 1 << 40)
    assert files.read(path) is None and files.size(path) == 1 << 40
    assert files.read_from(path, (1 << 40) - 3, 100) == bytes(3)


def test_two_processes_may_create_the_same_folder(tmp_path, monkeypatch):
    class Race(files.Calls):
        """Another process creates each folder first."""

        def mkdir(self, path):
            os.mkdir(path)
            os.mkdir(path)

    monkeypatch.setattr(files, "calls", Race())
    files.make_folder(tmp_path / "a" / "b")
    assert (tmp_path / "a" / "b").is_dir()


def test_a_file_with_the_name_of_a_folder_is_an_error(tmp_path):
    (tmp_path / "a").write_text("mine")
    with pytest.raises(OSError):
        files.make_folder(tmp_path / "a" / "b")
    with pytest.raises(OSError), files.new_folder(tmp_path / "a" / "b"):
        pass
    assert (tmp_path / "a").read_text() == "mine" and os.listdir(tmp_path) == ["a"]


def test_removal_does_not_follow_links(tmp_path):
    (tmp_path / "kept").mkdir()
    (tmp_path / "kept" / "file").write_text("mine")
    (tmp_path / "old").mkdir()
    (tmp_path / "old" / "link").symlink_to(tmp_path / "kept")
    files.remove(tmp_path / "old")
    assert (tmp_path / "kept" / "file").read_text() == "mine" and not (tmp_path / "old").exists()


def test_short_reads_and_growing_files_are_read_to_the_end(tmp_path, monkeypatch):
    path, read = tmp_path / "x", os.read
    path.write_bytes(bytes(range(200)))
    monkeypatch.setattr(os, "read", lambda fd, n: read(fd, min(n, 7)))
    assert files.read(path) == bytes(range(200))

    def growing(fd, n):
        if (found := read(fd, n)) == b"ab":
            with path.open("ab") as more:
                more.write(b"!")
        return found

    path.write_bytes(b"abcd")
    monkeypatch.setattr(os, "read", lambda fd, n: growing(fd, min(n, 2)))
    assert files.read(path) == b"abcd!"
