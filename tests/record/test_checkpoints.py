import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from memlab.errors import RunError
from memlab.record.checkpoints import Checkpoints

FULL = {"model.safetensors": b"m" * 100, "optimizer.safetensors": b"o" * 50, "state.json": b"{}"}


@pytest.fixture
def checkpoints(tmp_path):
    return Checkpoints(tmp_path / "checkpoints")


def test_the_newest_checkpoint_is_loaded_unchanged(checkpoints):
    assert checkpoints.steps() == []
    checkpoints.commit(5, FULL)
    checkpoints.commit(10, FULL | {"state.json": b"{ }"})
    stored = checkpoints.load()
    assert (stored.step, stored.files, stored.refused) == (10, FULL | {"state.json": b"{ }"}, [])
    assert checkpoints.load(5).files == FULL
    assert checkpoints.steps() == [5, 10]
    assert sorted(p.name for p in (checkpoints.path / "step-000000005").iterdir()) == [
        "COMMIT.json", "model.safetensors", "optimizer.safetensors", "state.json",
    ]  # fmt: skip


@pytest.mark.parametrize("name", [*FULL, "COMMIT.json"])
@settings(max_examples=25)
@given(st.data())
def test_a_damaged_checkpoint_is_refused_and_the_previous_one_is_loaded(
    tmp_path_factory, name, data
):
    checkpoints = Checkpoints(tmp_path_factory.mktemp("c"))
    checkpoints.commit(5, FULL)
    checkpoints.commit(10, FULL)
    path = checkpoints.path / "step-000000010" / name
    text = bytearray(path.read_bytes())
    at = data.draw(st.integers(0, len(text) - 1))
    match data.draw(st.sampled_from(["flip", "cut", "remove", "append"])):
        case "flip":
            text[at] ^= 1 << data.draw(st.integers(0, 7))
            path.write_bytes(text)
        case "cut":
            path.write_bytes(text[:at])
        case "remove":
            path.unlink()
        case "append":
            path.write_bytes(text + b"x")
    stored = checkpoints.load()
    assert stored.files == FULL
    if stored.step == 5:
        assert len(stored.refused) == 1 and name in stored.refused[0]
    else:
        assert name == "COMMIT.json"  # the flip changed white space of the seal


def test_a_checkpoint_in_the_folder_of_another_step_is_refused(checkpoints):
    checkpoints.commit(5, FULL)
    (checkpoints.path / "step-000000005").rename(checkpoints.path / "step-000000010")
    with pytest.raises(RunError, match="COMMIT"):
        checkpoints.load()


def test_a_checkpoint_of_weights_alone_can_be_loaded_but_not_resumed(checkpoints):
    checkpoints.commit(5, FULL)
    checkpoints.commit(10, {"model.safetensors": b"m"})
    assert checkpoints.load(need="weights").files == {"model.safetensors": b"m"}
    resumable = checkpoints.load(need="resume")
    assert resumable.step == 5 and resumable.refused == []
    assert set(checkpoints.load(5, need="weights").files) == {"model.safetensors", "state.json"}


def test_resumable_checkpoints_are_known_without_reading_them(checkpoints):
    assert not checkpoints.has("weights")
    checkpoints.commit(5, {"model.safetensors": b"m"})
    assert checkpoints.has("weights") and not checkpoints.has("resume")
    checkpoints.commit(10, FULL)
    assert checkpoints.has("resume")
    for name in ("step-000000005", "step-000000010"):
        (checkpoints.path / name / "COMMIT.json").write_bytes(b"")
    assert checkpoints.has("resume")  # damaged checkpoints count: loading them reports the damage


def test_committing_an_existing_checkpoint_changes_nothing(checkpoints):
    checkpoints.commit(5, FULL)
    commit = checkpoints.path / "step-000000005" / "COMMIT.json"
    inode = commit.stat().st_ino
    checkpoints.commit(5, FULL)
    checkpoints.commit(5, {"model.safetensors": FULL["model.safetensors"]})
    assert commit.stat().st_ino == inode


def test_a_commit_replaces_a_checkpoint_that_differs_or_is_damaged(checkpoints):
    checkpoints.commit(5, FULL)
    edited = FULL | {"state.json": b'{"lr": 1}'}
    checkpoints.commit(5, edited)
    assert checkpoints.load().files == edited
    (checkpoints.path / "step-000000005" / "model.safetensors").write_bytes(b"")
    checkpoints.commit(5, edited)
    assert checkpoints.load().files == edited


def test_pruning_keeps_the_given_steps_and_removes_leftovers_of_commits(checkpoints):
    for step in (1, 2, 3, 4):
        checkpoints.commit(step, FULL)
    (checkpoints.path / ".step-000000009.abcd").mkdir()
    checkpoints.prune({2, 4, 7})
    assert sorted(p.name for p in checkpoints.path.iterdir()) == [
        "step-000000002",
        "step-000000004",
    ]


def test_loading_without_a_checkpoint_is_an_error(checkpoints):
    with pytest.raises(RunError, match="no usable checkpoint"):
        checkpoints.load(3, need="weights")


def test_newest_to_resume_is_the_last_complete_checkpoint_up_to_a_step(checkpoints):
    for step in (5, 10, 20):
        checkpoints.commit(step, FULL)
    checkpoints.commit(15, {"model.safetensors": b"m"})
    newest = {last: checkpoints.newest_to_resume(last) for last in (4, 5, 9, 15, 19, 20, 99)}
    assert newest == {4: None, 5: 5, 9: 5, 15: 10, 19: 10, 20: 20, 99: 20}
