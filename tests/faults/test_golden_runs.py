"""Runs of every released format stay readable, whatever a later or a careless writer did to them.

`tests/data/run-1.0` is a run of format 1.0 that died at step 8, was gone on with and finished.
It is never made anew: a change that cannot read it is a change of the format.
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


def test_the_golden_run_reads_as_it_was_written():
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


def test_its_weights_still_give_the_answers_that_were_recorded():
    trained = load_model(RunFolder(GOLDEN), "last", "cpu")
    values = evaluate(trained.model, trained.run_data, ["train", "val"], 12).event.values
    recorded = summarize(RunFolder(GOLDEN)).to_json()["final"]
    for name, value in values.items():
        assert value == pytest.approx(recorded[name], rel=1e-5)


def change(path, name, seat, changes=(), without=()):
    """The document at `name` with other members, sealed anew."""
    document = sealed_json.read(path / name, seat)
    made = {k: v for k, v in {**document, **dict(changes)}.items() if k not in without}
    (path / name).write_bytes(sealed_json.seal(made, seat))


def seat(name):
    return f"{RunFolder(GOLDEN).id}/{name}"


LOST = [
    ("run.json", "run.json", ["columns", "units"]),
    ("run.json", "run.json", ["preset", "check", "preset_sha256"]),
    ("run.json", "run.json", ["created", "versions", "machine", "requires"]),
    ("labels.json", "labels.json", ["note", "tags"]),
    ("attempts/002/attempt.json", None, ["seq", "first_step"]),
    ("attempts/002/attempt.json", None, ["threads", "device", "versions", "pid"]),
    ("attempts/002/end.json", None, ["sha256", "summary"]),
    ("attempts/002/heartbeat", None, ["state", "counter"]),
]


@pytest.mark.parametrize(("name", "place", "members"), LOST, ids=lambda value: str(value)[:40])
def test_a_run_without_some_members_is_still_read(path, name, place, members):
    change(path, name, "run.json" if place == "run.json" else seat(name), without=members)
    folder = RunFolder(path)
    assert brief(folder)["status"] == "finished" and summarize(folder).to_json()["step"] == 12
    assert History(folder).until().steps["step"].tolist() == list(range(1, 13))


def test_what_a_later_minor_version_adds_is_left_out_and_the_run_may_be_written_to(path):
    change(path, "run.json", "run.json", {"version": [1, 7], "moods": ["calm"]})
    change(path, "labels.json", seat("labels.json"), {"colour": "red"})
    change(path, "attempts/002/attempt.json", seat("attempts/002/attempt.json"), {"gpu": 3})
    log = path / "attempts/002/events.jsonl"
    last = sealed_json.unseal(
        log.read_bytes().splitlines(keepends=True)[-1], seat(log.relative_to(path))
    )
    dream = {"kind": "dream", "step": 12, "wall": 1.0, "seq": last["seq"] + 1, "of": "sheep"}
    with log.open("ab") as file:
        file.write(sealed_json.seal(dream, seat(log.relative_to(path))))
    folder = RunFolder(path)
    assert folder.problem() is None and summarize(folder).to_json()["step"] == 12
    (odd,) = History(folder).until().of(Unknown)
    assert odd.raw["of"] == "sheep"
    folder.set_labels(note="still mine")


LATER = [
    {"version": [2, 0]},
    {"requires": ["two-column rows"]},
    {"format": "other"},
    {"version": 1},
]


@pytest.mark.parametrize("changes", LATER, ids=str)
def test_a_run_of_a_later_format_is_read_refused_for_writing_and_said_to_be_so(path, changes):
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
