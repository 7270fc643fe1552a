"""Whoever asks a live run for something hears what came of it."""

import pytest

from memlab.errors import RunError
from memlab.record import events
from memlab.record.commands import CheckpointNow, Edit, Inbox, Pause, Resume, Stop
from memlab.record.request import for_seconds, request


@pytest.fixture
def writer(folder):
    with folder.claim({}, seq=0, first_step=1) as writer:
        yield writer
        writer.close()


def answering(writer, folder, *answers):
    """A loop that takes what it is asked at its next turn, and then does this."""
    turns = iter(answers)

    def wait(seconds):
        asked = Inbox(folder, writer.number).poll()
        answer = next(turns, None)
        if callable(answer):
            answer()
        elif answer is not None:
            assert asked or answer.kind in ("change", "ended", "paused")
            writer.write(answer)
        return answer is not None

    return wait


@pytest.mark.parametrize(
    ("command", "answer"),
    [
        (Pause(), events.Paused(step=3)),
        (Stop(), events.Ended(step=3, reason="stopped")),
        (CheckpointNow(), events.Checkpoint(step=3)),
        (Edit({"a": 1}), events.Edited(step=3, changes={"a": 1})),
    ],
)
def test_the_answer_to_a_command_is_its_event(folder, writer, command, answer):
    other = events.Change(step=3, what="something else")
    wait = answering(writer, folder, answer, other)
    assert request(folder, command, wait).kind == answer.kind


def test_a_run_is_paused_and_unpaused_once(folder, writer):
    assert request(folder, Resume(), answering(writer, folder)) is None
    request(folder, Pause(), answering(writer, folder, events.Paused(step=1)))
    assert request(folder, Pause(), answering(writer, folder)) is None
    resumed = events.Resumed(step=1)
    assert request(folder, Resume(), answering(writer, folder, resumed)).kind == "resumed"


def test_a_refusal_an_end_and_silence_are_errors_that_say_so(folder, writer):
    refusal = events.Finding(
        step=1, level="warning", what="an edit is refused: no", why="so", advice=""
    )
    with pytest.raises(RunError, match="refused"):
        request(folder, Edit({"a": 1}), answering(writer, folder, refusal))
    with pytest.raises(RunError, match="nobody answered") as silent:
        request(folder, Pause(), lambda seconds: False)
    assert "withdrawn" in silent.value.hint
    assert list((folder.path / "commands").iterdir()) == []
    with pytest.raises(RunError, match="nobody answered") as slow:
        request(folder, Pause(), answering(writer, folder))
    assert "was taken" in slow.value.found
    with pytest.raises(RunError, match="ended before"):
        request(folder, Pause(), answering(writer, folder, writer.close))
    with pytest.raises(RunError, match="no process works"):
        request(folder, Pause(), answering(writer, folder))


def test_waiting_has_a_limit():
    assert for_seconds(60)(0) and not for_seconds(0)(0)
