"""Commands to a live run and their answers."""

import pytest

from memlab.errors import RunError
from memlab.record import ask, events
from memlab.record.commands import CheckpointNow, Edit, Inbox, Pause, Resume, Stop


@pytest.fixture
def writer(folder):
    with folder.claim({}, seq=0, first_step=1) as writer:
        yield writer
        writer.close()


@pytest.fixture
def request_of(folder, writer, monkeypatch):
    """`ask` with a fake loop: each sleep reads the commands, then gives the next answer."""
    clock = [0.0]
    monkeypatch.setattr(ask.time, "monotonic", lambda: clock[0])

    def request(command, *answers):
        turns = iter(answers)

        def turn(seconds):
            clock[0] += 1.0
            answer = next(turns, "none")
            if answer == "unread":
                return
            Inbox(folder, writer.number).poll()
            if callable(answer):
                answer()
            elif answer != "none":
                writer.write(answer)

        monkeypatch.setattr(ask.time, "sleep", turn)
        return ask.ask(folder, command, 3.5)

    return request


@pytest.mark.parametrize(
    ("command", "answer"),
    [
        (Pause(), events.Paused(step=3)),
        (CheckpointNow(), events.Checkpoint(step=3)),
        (Edit({"a": 1}), events.Edited(step=3, changes={"a": 1})),
    ],
)
def test_the_answer_to_a_command_is_its_event(request_of, writer, command, answer):
    writer.write(events.Change(step=1, what="before"))
    other = events.Change(step=3, what="something else")
    assert request_of(command, other, answer).kind == answer.kind


def test_the_answer_to_a_stop_is_the_end_of_the_closed_record(request_of, folder, writer):
    def end():
        writer.write(events.Ended(step=3, reason="stopped"))
        writer.end("stopped", 3, {})
        writer.close()

    ended = events.Ended(step=3, reason="stopped")
    with pytest.raises(RunError, match="no answer"):
        request_of(Stop(), ended)  # written, but the record is still open
    assert request_of(Stop(), end).kind == "ended"
    assert folder.status() == "stopped"


def test_pausing_a_paused_run_and_resuming_a_running_one_need_no_answer(request_of):
    assert request_of(Resume()) is None
    request_of(Pause(), events.Paused(step=1))
    assert request_of(Pause()) is None
    assert request_of(Resume(), events.Resumed(step=1)).kind == "resumed"


def test_a_refusal_an_end_and_no_answer_are_different_errors(request_of, folder, writer):
    refusal = events.Finding(
        step=1, level="warning", what="an edit is refused: no", why="so", advice=""
    )
    with pytest.raises(RunError, match="refused"):
        request_of(Edit({"a": 1}), refusal)
    with pytest.raises(RunError, match="no answer") as unread:
        request_of(Pause(), *["unread"] * 9)
    assert "withdrawn" in unread.value.hint
    assert list((folder.path / "commands").iterdir()) == []
    with pytest.raises(RunError, match="no answer") as slow:
        request_of(Pause())
    assert "has read it" in slow.value.found
    with pytest.raises(RunError, match="ended before"):
        request_of(Pause(), writer.close)
    with pytest.raises(RunError, match="no process trains"):
        request_of(Pause())


def test_a_command_may_be_sent_without_waiting(folder, writer):
    assert ask.ask(folder, Stop(), 0) is None
    assert Inbox(folder, writer.number).poll() == [Stop()]
