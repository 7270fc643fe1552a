"""Files with valid checksums and unexpected values."""

import contextlib
import json
import shutil

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from memlab.errors import RunError
from memlab.record import events, sealed_json
from memlab.record.commands import Edit, Inbox, send
from memlab.record.doctor import examine
from memlab.record.folder import RunFolder
from memlab.record.history import History
from memlab.record.json_types import shape
from memlab.record.runs import list_runs
from memlab.record.summary import brief, end_summary, summarize

from .make_run import write_rows

UNEXPECTED = st.sampled_from(
    [None, "x", -1, 2**70, 1.5, True, [], [1], ["x"], {}, {"a": 1}, {"a": None}]
)


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    description = {
        "preset": {"name": "tiny", "training": {"seed": 1}},
        "check": {"updates": 10, "parameters": 5, "chance_loss": 1.0},
        "versions": {},
    }
    folder = RunFolder.create(tmp_path_factory.mktemp("runs"), description, "a: 1\n", "whole")
    folder.set_labels(tags=["a"], note="b")
    with folder.claim({"threads": 1, "device": "cpu"}, seq=0, first_step=1) as writer:
        writer.write(events.Started(step=0, attempt=1))
        write_rows(writer, 1, 10)
        writer.write(events.Evaluated(step=10, values={"val_loss": 1.0}))
        writer.commit(10, {"model.safetensors": b"m", "optimizer.safetensors": b"o"})
        writer.beat(10)
        send(folder, Edit({"optimizer.lr": 1.0}, at=5))
        writer.end("finished", 10, end_summary(folder))
    return folder.path


def documents(path):
    """Each sealed document and the place in its seal."""
    run = path.name
    attempt = [
        (f"attempts/001/{n}.json", f"{run}/attempts/001/{n}.json") for n in ("attempt", "end")
    ]
    (command,) = (path / "commands").iterdir()
    return [
        ("run.json", "run.json"),
        ("labels.json", f"{run}/labels.json"),
        *attempt,
        ("attempts/001/heartbeat", f"{run}/attempts/001/heartbeat"),
        ("checkpoints/step-000000010/COMMIT.json", "step-000000010"),
        (f"commands/{command.name}", f"{run}/commands"),
    ]


def members(document, above=()):
    for name, value in document.items():
        yield (*above, name)
        if isinstance(value, dict):
            yield from members(value, (*above, name))


def read_all(path):
    """Read a run with every reader; the result of the doctor."""
    folder = RunFolder(path)
    for listed in list_runs(path.parent):
        json.dumps(brief(listed))
    history = History(folder)
    json.dumps(summarize(folder, history).to_json())
    history.until().steps.read(0, 100)
    Inbox(folder, 1).poll()
    for need in ("resume", "weights"):
        folder.checkpoints.has(need)
        with contextlib.suppress(RunError):
            folder.checkpoints.load(need=need)
    return examine(folder)


@settings(max_examples=50, deadline=None)
@given(st.data())
def test_no_reader_fails_on_unexpected_values(whole, tmp_path_factory, data):
    path = tmp_path_factory.mktemp("forged") / whole.name
    shutil.copytree(whole, path)
    name, place = data.draw(st.sampled_from(documents(path)))
    document = sealed_json.read(path / name, place)
    *above, last = data.draw(st.sampled_from(list(members(document))))
    part = document
    for member in above:
        part = part[member]
    if data.draw(st.booleans()):
        part[last] = data.draw(UNEXPECTED)
    else:
        del part[last]
    (path / name).write_bytes(sealed_json.seal(document or {"a": 1}, place))
    read_all(path)


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("run.json", {"columns": []}),
        ("run.json", {"columns": ["loss", "loss"]}),
        ("run.json", {"version": []}),
        ("run.json", {"preset": "x"}),
        ("run.json", {"check": {"examples": []}}),
        ("labels.json", {"tags": None}),
        ("attempts/001/attempt.json", {"first_step": 2**70}),
        ("attempts/001/end.json", {"sha256": ["x"]}),
        ("checkpoints/step-000000010/COMMIT.json", {"sha256": {"model.safetensors": 1}}),
    ],
)
def test_the_doctor_reports_unexpected_values_as_problems(whole, tmp_path, name, change):
    path = shutil.copytree(whole, tmp_path / whole.name)
    assert read_all(path).healthy
    place = dict(documents(path))[name]
    document = sealed_json.read(path / name, place) | change
    (path / name).write_bytes(sealed_json.seal(document, place))
    assert any(s.where.startswith(name) for s in read_all(path).symptoms if s.level == "problem")


@pytest.mark.parametrize(
    ("value", "hint", "expected"),
    [
        (1, int, True),
        (True, int, False),
        (True, bool, True),
        (2**63, int, False),
        (1, float, True),
        (None, float | None, True),
        ("x", float | None, False),
        (["a"], list[str], True),
        ([1], list[str], False),
        ({"a": 1}, dict[str, int], True),
        ({"a": "x"}, dict[str, int], False),
        ({"a": 1, "z": []}, {"a": int, "b": str}, True),
        ({"a": "x"}, {"a": int}, False),
        ([], {"a": int}, False),
        (None, (None, {"a": int}), True),
        ({"a": "x"}, (None, {"a": int}), False),
    ],
)
def test_a_type_check_accepts_only_the_declared_types(value, hint, expected):
    assert shape(hint)(value) is expected
