"""`--on-event`: programs that work, fail, hang or are missing do not affect the run."""

import json
import os
import select
import signal
import sys
from contextlib import suppress

import pytest

from memlab.cli import event_command
from memlab.cli.event_command import EventCommand, call_on_events, parse_command
from memlab.cli.sweep_work import MemberTraining
from memlab.record.events import Ended, Evaluated, Phase
from memlab.record.folder import RunFolder

PHASE = Phase(step=7, name="memorized", after=5, threshold=float("nan"))
APPEND = "import sys; open('log', 'a').write(sys.stdin.read())"


def python(program: str) -> tuple[str, ...]:
    return (sys.executable, "-c", program)


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def call(words: tuple[str, ...], events=(PHASE,)) -> None:
    command = EventCommand(words, "a-run")
    for event in events:
        command.send(event)
    command.close()


def warnings(capsys) -> list[str]:
    return [line for line in capsys.readouterr().err.splitlines() if "--on-event" in line]


def test_the_program_gets_one_json_object_per_selected_event_in_order(here):
    folder = RunFolder.create(here / "runs", {}, "", "a run")
    events = [PHASE, Evaluated(step=8, values={}), Ended(step=9, reason="diverged")]
    assert list(call_on_events(iter(events), python(APPEND), folder)) == events
    phase, ended = map(json.loads, (here / "log").read_text().splitlines())
    assert phase == {
        "run": folder.path.name, "kind": "phase", "step": 7, "wall": 0.0, "seq": -1,
        "name": "memorized", "after": 5, "threshold": None, "split": None, "details": {},
    }  # fmt: skip
    assert (ended["kind"], ended["reason"]) == ("ended", "diverged")


def test_the_program_is_closed_if_training_raises(here):
    def events():
        yield PHASE
        raise RuntimeError("a bug")

    folder = RunFolder.create(here / "runs", {}, "", "a run")
    with pytest.raises(RuntimeError, match="a bug"):
        list(call_on_events(events(), python(APPEND), folder))
    assert (here / "log").exists()


@pytest.mark.parametrize(
    ("words", "warning"),
    [
        (python("raise SystemExit(5)"), "exited with code 5"),
        (("/no/such/program",), "cannot be started: No such file or directory"),
        (("/etc",), "cannot be started: Permission denied"),
    ],
)
def test_failures_cause_one_warning(capsys, words, warning):
    call(words, [PHASE] * 3)
    (line,) = warnings(capsys)
    assert warning in line


def test_a_program_that_ignores_stdin_and_prints_ten_megabytes_causes_no_warning(capsys):
    call(python("print('x' * 10**7)"))
    call(python("import os; os.close(0)"))
    assert warnings(capsys) == []


def test_a_program_that_hangs_is_killed_with_its_children(here, capsys, monkeypatch):
    monkeypatch.setattr(event_command, "CALL_SECONDS", 1.0)
    start = "import subprocess; p = subprocess.Popen(['sleep', '1000']); "
    call(python(start + "open('pid', 'w').write(str(p.pid)); p.wait()"))
    assert "took more than 1 s" in warnings(capsys)[0]
    with suppress(ProcessLookupError):  # it has ended and its parent has waited for it
        process = os.pidfd_open(int((here / "pid").read_text()))
        assert select.select([process], [], [], 60)[0]
        os.close(process)


def test_the_end_of_a_run_waits_for_a_limited_time(capsys, monkeypatch):
    monkeypatch.setattr(event_command, "END_SECONDS", 0.1)
    killed, kill = [], event_command._kill
    monkeypatch.setattr(
        event_command, "_kill", lambda process: killed.append(process) or kill(process)
    )
    command = EventCommand(("sleep", "1000"), "a-run")
    for _ in range(5):
        command.send(PHASE)
    command.close()
    command._thread.join()
    assert "after the end" in warnings(capsys)[0]
    assert [process.returncode for process in killed] == [-signal.SIGKILL]


def test_the_queue_is_bounded_and_sending_does_not_block(capsys, monkeypatch):
    monkeypatch.setattr(event_command, "END_SECONDS", 0.0)
    command = EventCommand(("sleep", "1000"), "a-run")
    for _ in range(3 * event_command.MAX_QUEUED):
        command.send(PHASE)
    assert command._queue.qsize() <= event_command.MAX_QUEUED
    command.close()
    (line,) = warnings(capsys)
    assert "events are dropped" in line


def test_the_command_is_not_interpreted_by_a_shell(here):
    call(parse_command(f"{sys.executable} -c {APPEND!r} '$(touch pwned)' ; touch pwned > pwned"))
    assert [path.name for path in here.iterdir()] == ["log"]


@pytest.mark.parametrize("text", ["", "no-such-program-here --x", 'echo "'])
def test_an_invalid_command_is_refused_before_training(memlab, text):
    memlab("run", "tiny", "--on-event", text, code=2)
    assert "--on-event" in memlab.stderr
    assert not memlab.runs.exists()


def test_a_run_calls_the_program_and_does_not_record_its_name(memlab):
    program = memlab.folder / "note.py"
    program.write_text(f"#!{sys.executable}\n{APPEND.replace('log', str(memlab.folder / 'log'))}\n")
    program.chmod(0o755)
    memlab("run", "tiny", "training.steps=20", "--quiet", "--on-event", str(program))
    lines = [json.loads(line) for line in (memlab.folder / "log").read_text().splitlines()]
    assert (lines[-1]["kind"], lines[-1]["reason"]) == ("ended", "finished")
    (run,) = (path for path in memlab.runs.iterdir() if not path.name.startswith("."))
    assert lines[-1]["run"] == run.name
    for path in run.rglob("*"):
        assert path.is_dir() or b"note.py" not in path.read_bytes()
    memlab("run", "tiny", "on_event=true", code=2)


def test_sweep_workers_get_the_command_as_an_option():
    training = MemberTraining("cpu", ("echo", "two words"))
    *_, option, text = training.options
    assert option == "--on-event"
    assert parse_command(text) == ("echo", "two words")
    assert MemberTraining("cpu").options == ["--device", "cpu"]


def test_the_option_is_refused_for_a_paused_run_of_another_process(memlab, monkeypatch):
    from memlab.record.status import Status

    memlab("run", "tiny", "training.steps=20", "--quiet")
    monkeypatch.setattr(RunFolder, "status", lambda self: Status.PAUSED)
    memlab("resume", "last", "--on-event", "true", code=2)
    assert "another process trains this run" in memlab.stderr
