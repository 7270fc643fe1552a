"""What meets the disk: odd files, faults while reading, and folders that others make too."""

import errno
import os
from pathlib import Path

import pytest

from memlab.record import files

ODD = {
    "a pipe": os.mkfifo,
    "a folder": os.mkdir,
    "a link to itself": lambda path: path.symlink_to(path),
    "a link to a file": lambda path: path.symlink_to(path.parent / "real"),
    "a link to nothing": lambda path: path.symlink_to("nothing"),
    "nothing": lambda path: None,
    "a folder that may not be entered": lambda path: path.mkdir(0o000),
}


@pytest.mark.parametrize("kind", ODD)
def test_only_a_plain_file_is_read_and_nothing_is_waited_for(tmp_path, kind):
    (tmp_path / "real").write_bytes(b"secret")
    path = tmp_path / "odd"
    ODD[kind](path)
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


def test_a_disk_that_fails_while_it_is_read_shows_nothing(tmp_path, monkeypatch):
    def fail(fd, *_):
        raise OSError(errno.EIO, "Input/output error")

    path = tmp_path / "file"
    path.write_bytes(b"x" * 100)
    with monkeypatch.context() as patch:
        patch.setattr(os, "read", fail)
        patch.setattr(os, "pread", fail)
        assert files.read(path) is None and files.read_from(path, 0, 10) == b""
    assert files.read(path) == b"x" * 100 and files.read_from(path, 90, 20) == b"x" * 10


def test_a_file_that_is_too_big_is_left_alone(tmp_path):
    path = tmp_path / "huge"
    path.touch()
    os.truncate(path, files.READ_LIMIT)
    assert files.read(path, limit=files.READ_LIMIT - 1) is None
    os.truncate(path, 1 << 40)
    assert files.read(path) is None and files.size(path) == 1 << 40
    assert files.read_from(path, (1 << 40) - 3, 100) == bytes(3)


def test_two_processes_may_make_the_same_folder_at_once(tmp_path, monkeypatch):
    class Outrun(files.Calls):
        """Another process is faster by one call."""

        def mkdir(self, path):
            os.mkdir(path)
            os.mkdir(path)

    monkeypatch.setattr(files, "calls", Outrun())
    files.make_folder(tmp_path / "a" / "b")
    assert (tmp_path / "a" / "b").is_dir()


def test_a_file_with_the_name_of_a_folder_is_an_error(tmp_path):
    (tmp_path / "a").write_text("mine")
    with pytest.raises(OSError):
        files.make_folder(tmp_path / "a" / "b")
    with pytest.raises(OSError), files.new_folder(tmp_path / "a" / "b"):
        pass
    assert (tmp_path / "a").read_text() == "mine" and os.listdir(tmp_path) == ["a"]


def test_removing_follows_no_link(tmp_path):
    (tmp_path / "kept").mkdir()
    (tmp_path / "kept" / "file").write_text("mine")
    (tmp_path / "gone").mkdir()
    (tmp_path / "gone" / "link").symlink_to(tmp_path / "kept")
    files.remove(tmp_path / "gone")
    assert (tmp_path / "kept" / "file").read_text() == "mine" and not (tmp_path / "gone").exists()


def test_a_file_that_comes_in_pieces_or_grows_meanwhile_is_read_to_its_end(tmp_path, monkeypatch):
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
