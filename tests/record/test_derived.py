"""Results computed from a run, stored in `derived/` and verified when read."""

import math

import pytest

from memlab.record import derived, files
from memlab.record.doctor import examine
from memlab.record.folder import RunFolder


def test_the_first_write_creates_the_folder_and_the_folder_may_be_deleted(folder: RunFolder):
    assert not folder.derived.exists()
    path = derived.write(folder, "figures/curves.png", b"picture")
    assert path == folder.path / "derived" / "figures" / "curves.png"
    assert path.read_bytes() == b"picture"
    assert derived.write(folder, "figures/curves.png", b"another").read_bytes() == b"another"
    files.remove(folder.derived)
    assert RunFolder(folder.path).problem() is None


def test_a_document_of_another_code_version_is_not_read(folder: RunFolder):
    document = {"rank": 3, "share": [0.5, math.inf]}
    derived.write_document(folder, "rank.json", document, code_version=2)
    assert derived.read_document(folder, "rank.json", code_version=2) == document
    assert derived.read_document(folder, "rank.json", code_version=3) is None
    assert derived.read_document(folder, "missing.json", code_version=2) is None


def test_a_damaged_or_misplaced_document_is_not_read(folder: RunFolder):
    path = derived.write_document(folder, "rank.json", {"rank": 3}, code_version=1)
    (path.parent / "other.json").write_bytes(path.read_bytes())
    assert derived.read_document(folder, "other.json", code_version=1) is None
    path.write_bytes(path.read_bytes().replace(b"3", b"4", 1))
    assert derived.read_document(folder, "rank.json", code_version=1) is None


def test_a_failed_write_leaves_the_old_file(folder: RunFolder, monkeypatch):
    path = derived.write(folder, "table.csv", b"old")

    def full_disk(fd: int, data: bytes, offset: int) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(files.calls, "pwrite", full_disk)
    with pytest.raises(OSError):
        derived.write(folder, "table.csv", b"new")
    assert path.read_bytes() == b"old" and [p.name for p in path.parent.iterdir()] == ["table.csv"]


def test_doctor_accepts_derived_files(folder: RunFolder):
    before = examine(folder).symptoms
    derived.write(folder, "figures/curves.png", b"picture")
    assert examine(folder).symptoms == before


@pytest.mark.parametrize("name", ["../labels.json", "/tmp/labels.json"])
def test_paths_outside_the_folder_are_refused(folder: RunFolder, name: str):
    with pytest.raises(AssertionError):
        derived.write(folder, name, b"")
