import pytest

from memlab.errors import RunError
from memlab.record import files, sealed_json
from memlab.record.commands import (
    CheckpointNow,
    Edit,
    Inbox,
    Pause,
    Resume,
    Stop,
    send,
)

ALL = [Pause(), Resume(), CheckpointNow(), Edit({"optimizer.lr": 3e-4, "x": None}), Stop()]


def claim(folder, **options):
    return folder.claim({}, **({"seq": 0, "first_step": 1, "take_over": True} | options))


def test_a_run_without_attempts_accepts_no_commands(folder):
    with pytest.raises(RunError, match="no process"):
        send(folder, Stop())


def test_commands_are_returned_once_and_in_order(folder):
    with claim(folder) as writer:
        inbox = Inbox(folder, writer.number)
        assert inbox.poll() == []
        for command in ALL:
            send(folder, command)
        assert inbox.poll() == ALL
        assert inbox.poll() == [] and not any((folder.path / "commands").iterdir())


def test_commands_for_an_attempt_that_died_expire(folder):
    claim(folder).close()
    for command in ALL:
        send(folder, command)
    with claim(folder) as writer:
        assert Inbox(folder, writer.number).poll() == []
        assert not any((folder.path / "commands").iterdir())


def test_a_superseded_attempt_does_not_take_commands_of_the_next_attempt(folder):
    with claim(folder) as old, claim(folder) as new:
        send(folder, Stop())
        assert Inbox(folder, old.number).poll() == []
        assert Inbox(folder, new.number).poll() == [Stop()]


def test_an_edit_planned_for_a_step_is_sent_to_every_attempt_before_it(folder):
    edit = Edit({"optimizer.lr": 1.0}, at=50)
    claim(folder).close()
    send(folder, edit)
    for resumed_at, expected in ((0, [edit]), (49, [edit]), (50, [edit]), (51, []), (10, [edit])):
        with claim(folder, first_step=resumed_at + 1) as writer:
            inbox = Inbox(folder, writer.number)
            assert inbox.poll() == expected and inbox.poll() == []


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"{}",
        b"\xff" * 100,
        sealed_json.seal({"command": "stop", "attempt": 1}, "elsewhere/commands"),
        sealed_json.seal({"command": "dance", "attempt": 1}, "HERE/commands"),
    ],
)
def test_files_that_are_not_commands_are_removed(folder, text):
    with claim(folder) as writer:
        (folder.path / "commands" / "1.json").write_bytes(text)
        inbox = Inbox(folder, writer.number)
        assert inbox.poll() == [] and not any((folder.path / "commands").iterdir())


def test_a_command_that_cannot_be_removed_is_returned_once(folder, monkeypatch):
    with claim(folder) as writer:
        send(folder, Stop())
        inbox = Inbox(folder, writer.number)

        def refuse(path):
            raise PermissionError(path)

        monkeypatch.setattr("memlab.record.files.calls.unlink", refuse)
        assert inbox.poll() == [Stop()] and inbox.poll() == []


def test_the_inbox_of_a_deleted_folder_is_empty(folder):
    with claim(folder) as writer:
        inbox = Inbox(folder, writer.number)
        (folder.path / "commands").rmdir()
        assert inbox.poll() == []


@pytest.mark.parametrize("command", ALL, ids=lambda command: command.kind)
def test_a_command_is_returned_once_whenever_the_worker_polls(folder, monkeypatch, command):
    """The worker polls before and after every file operation of the sender."""
    with claim(folder) as writer:
        inbox, received, operations = Inbox(folder, writer.number), [], []

        def with_polls(operation):
            def call(*arguments, **options):
                received.extend(inbox.poll())
                result = operation(*arguments, **options)
                received.extend(inbox.poll())
                operations.append(operation)
                return result

            return call

        with monkeypatch.context() as patched:
            for name in ("open", "pwrite", "fsync", "rename"):
                patched.setattr(files.calls, name, with_polls(getattr(files.calls, name)))
            send(folder, command)
        assert received + inbox.poll() == [command] and len(operations) >= 3
        assert inbox.poll() == []
