"""`memlab torture` and its trials."""

import json
import random

import pytest

from memlab.torture.damage import KINDS, damage
from memlab.torture.trial import TrialCounts


def test_torture_reports_whether_each_guarantee_holds(program, tmp_path):
    program.folder = tmp_path
    words = ("torture", "--kills", "2", "--fills", "1", "--damages", "20", "--json")
    process = program.start(*words)
    report = json.loads(process.out.read())
    assert process.wait() == 0
    trials = report["trials"]
    assert {name: trial["tried"] for name, trial in trials.items()} == {
        "kill -9": 2, "full disk": 1, "damaged files": 20,
    }  # fmt: skip
    assert all(trial["failures"] == [] for trial in trials.values())
    assert trials["kill -9"]["runs that ended with the same bits"] >= 1
    assert list((tmp_path / "runs").iterdir()) == []


@pytest.mark.parametrize("kind", sorted(set(KINDS)))
def test_each_kind_of_damage_changes_the_file(tmp_path, kind):
    path, other = tmp_path / "a", tmp_path / "b"
    for seed in range(8):
        path.write_bytes(b"some bytes" * 9)
        other.write_bytes(b"others")
        damage(kind, path, other, random.Random(seed))
        assert not path.is_file() or path.is_symlink() or path.read_bytes() != b"some bytes" * 9
        for file in (path, other):
            file.rmdir() if file.is_dir() else file.unlink(missing_ok=True)


def test_counts_are_summed_and_maxima_kept():
    counts = TrialCounts(tried=2)
    counts.count("kept")
    counts.count("kept", 2)
    counts.maximum("lost", 5)
    counts.maximum("lost", 3)
    counts.failures.append("x")
    assert counts.to_json() == {"tried": 2, "kept": 3, "lost": 5, "failures": ["x"]}
