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


def test_commands_come_in_order_and_once(folder):
    with claim(folder) as writer:
        inbox = Inbox(folder, writer.number)
        assert inbox.poll() == []
        for command in ALL:
            send(folder, command)
        assert inbox.poll() == ALL
        assert inbox.poll() == [] and not any((folder.path / "commands").iterdir())


def test_commands_for_a_dead_attempt_expire(folder):
    claim(folder).close()
    for command in ALL:
        send(folder, command)
    with claim(folder) as writer:
        assert Inbox(folder, writer.number).poll() == []
        assert not any((folder.path / "commands").iterdir())


def test_a_superseded_attempt_leaves_the_commands_of_the_next_one_alone(folder):
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
def test_what_is_no_command_is_cleared_away(folder, text):
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


def test_an_inbox_of_a_folder_that_is_gone_is_empty(folder):
    with claim(folder) as writer:
        inbox = Inbox(folder, writer.number)
        (folder.path / "commands").rmdir()
        assert inbox.poll() == []


@pytest.mark.parametrize("command", ALL, ids=lambda command: command.kind)
def test_a_command_is_returned_once_whenever_the_worker_polls(folder, monkeypatch, command):
    """The worker looks before and after every file operation of the sender."""
    with claim(folder) as writer:
        inbox, told, looks = Inbox(folder, writer.number), [], []

        def between(operation):
            def done(*arguments, **options):
                told.extend(inbox.poll())
                result = operation(*arguments, **options)
                told.extend(inbox.poll())
                looks.append(operation)
                return result

            return done

        with monkeypatch.context() as patched:
            for name in ("open", "pwrite", "fsync", "rename"):
                patched.setattr(files.calls, name, between(getattr(files.calls, name)))
            send(folder, command)
        assert told + inbox.poll() == [command] and len(looks) >= 3
        assert inbox.poll() == []
