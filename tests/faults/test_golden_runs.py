"""Runs of format 1.0 stay readable, also with missing members and with additions of later versions.

`tests/data/run-1.0` is a run of format 1.0 that died at step 8, was resumed and finished.
It is never created again: a change that cannot read it is a change of the format.
"""

import hashlib
import shutil
from pathlib import Path

import pytest

from memlab.errors import RunError
from memlab.record import sealed_json
from memlab.record.doctor import examine
from memlab.record.events import Unknown
from memlab.record.folder import RunFolder
from memlab.record.history import History
from memlab.record.summary import brief, summarize
from memlab.training.evaluate import evaluate
from memlab.training.trained_model import load_model

GOLDEN = Path(__file__).parents[1] / "data" / "run-1.0"
ROWS = "e442655834fc28569e48dffbad0f75e5feb9db442ca1f0542de5cc3648a6b3c2"


@pytest.fixture
def path(tmp_path):
    return shutil.copytree(GOLDEN, tmp_path / "run")


def test_the_golden_run_is_read_with_its_recorded_values():
    folder = RunFolder(GOLDEN)
    shown = summarize(folder).to_json()
    assert (shown["name"], shown["tags"], shown["preset"]) == (
        "golden [bold]run", ["golden"], "golden",
    )  # fmt: skip
    assert (shown["status"], shown["step"], shown["steps"]) == ("finished", 12, 12)
    assert shown["resume_verified"] == {"steps": 4, "first_difference": None}
    assert shown["damaged"] == 0 and shown["attempts"] == 2
    now = History(folder).until()
    assert now.steps["step"].tolist() == list(range(1, 13))
    assert hashlib.sha256(now.steps.read(0, 99)[1].tobytes()).hexdigest() == ROWS
    assert now.evaluations["step"].tolist() == [0, 4, 8, 12]
    assert not now.of(Unknown)
    diagnosis = examine(folder)
    assert diagnosis.symptoms == [] and diagnosis.verified["rows"] == 16


def test_its_weights_still_give_the_recorded_evaluation():
    trained = load_model(RunFolder(GOLDEN), "last", "cpu")
    values = evaluate(trained.model, trained.run_data, ["train", "val"], 12).event.values
    recorded = summarize(RunFolder(GOLDEN)).to_json()["final"]
    for name, value in values.items():
        assert value == pytest.approx(recorded[name], rel=1e-5)


def change(path, name, context, changes=(), without=()):
    """Replace or remove members of the document at `name`, and seal it again."""
    document = sealed_json.read(path / name, context)
    changed = {k: v for k, v in {**document, **dict(changes)}.items() if k not in without}
    (path / name).write_bytes(sealed_json.seal(changed, context))


def context(name):
    return f"{RunFolder(GOLDEN).id}/{name}"


MISSING = [
    ("run.json", "run.json", ["columns", "units"]),
    ("run.json", "run.json", ["preset", "check", "preset_sha256"]),
    ("run.json", "run.json", ["created", "versions", "machine", "requires"]),
    ("labels.json", "labels.json", ["note", "tags"]),
    ("attempts/002/attempt.json", None, ["seq", "first_step"]),
    ("attempts/002/attempt.json", None, ["threads", "device", "versions", "pid"]),
    ("attempts/002/end.json", None, ["sha256", "summary"]),
    ("attempts/002/heartbeat", None, ["state", "counter"]),
]


@pytest.mark.parametrize(("name", "place", "members"), MISSING, ids=lambda value: str(value)[:40])
def test_a_run_with_missing_members_is_still_read(path, name, place, members):
    change(path, name, "run.json" if place == "run.json" else context(name), without=members)
    folder = RunFolder(path)
    assert brief(folder)["status"] == "finished" and summarize(folder).to_json()["step"] == 12
    assert History(folder).until().steps["step"].tolist() == list(range(1, 13))


def test_additions_of_a_later_minor_version_are_ignored_and_the_run_is_writable(path):
    change(path, "run.json", "run.json", {"version": [1, 7], "additions": ["new"]})
    change(path, "labels.json", context("labels.json"), {"colour": "red"})
    change(path, "attempts/002/attempt.json", context("attempts/002/attempt.json"), {"gpu": 3})
    log = path / "attempts/002/events.jsonl"
    last = sealed_json.unseal(
        log.read_bytes().splitlines(keepends=True)[-1], context(log.relative_to(path))
    )
    future = {"kind": "future", "step": 12, "wall": 1.0, "seq": last["seq"] + 1, "member": "new"}
    with log.open("ab") as file:
        file.write(sealed_json.seal(future, context(log.relative_to(path))))
    folder = RunFolder(path)
    assert folder.problem() is None and summarize(folder).to_json()["step"] == 12
    (unknown,) = History(folder).until().of(Unknown)
    assert unknown.raw["member"] == "new"
    folder.set_labels(note="still writable")


LATER = [
    {"version": [2, 0]},
    {"requires": ["two-column rows"]},
    {"format": "other"},
    {"version": 1},
]


@pytest.mark.parametrize("changes", LATER, ids=str)
def test_a_run_of_a_later_format_is_readable_and_reported_but_never_written(path, changes):
    change(path, "run.json", "run.json", changes)
    folder = RunFolder(path)
    before = {p: p.read_bytes() for p in path.rglob("*") if p.is_file()}
    assert summarize(folder).to_json()["step"] == 12
    for write in (
        lambda: folder.set_labels(name="x"),
        lambda: folder.claim({}, seq=0, first_step=1, take_over=True),
    ):
        with pytest.raises(RunError, match="cannot be written to"):
            write()
    assert [s.where for s in examine(folder).symptoms if s.level == "problem"] == ["run.json"]
    assert {p: p.read_bytes() for p in path.rglob("*") if p.is_file()} == before
