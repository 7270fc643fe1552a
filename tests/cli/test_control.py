"""Control of a live run from a shell; the run is a tracked loop in this process."""

import json
import threading

import pytest
from jsonschema import Draft202012Validator

import memlab as library
from memlab.cli.schema import named_schema
from memlab.record.folder import RunFolder


@pytest.fixture
def loop(memlab):
    """A loop in a thread that executes commands; it ends when it is stopped."""
    run = library.track("loop", config={"lr": 0.1}, editable=["lr"], runs=memlab.runs)
    run.log(loss=1.0)
    finished = threading.Event()

    def work():
        with run:
            while not run.stop_requested and not finished.is_set():
                for command in run.commands():
                    if command.kind == "checkpoint":
                        run.checkpoint({"w": b"1"})
                finished.wait(0.01)

    thread = threading.Thread(target=work)
    thread.start()
    yield run
    finished.set()
    thread.join()


def test_a_run_is_paused_resumed_edited_saved_and_stopped_from_the_shell(memlab, loop):
    memlab("pause", "last")
    assert "paused at step 1" in memlab.stderr
    memlab("pause", "last")
    assert "already" in memlab.stderr
    assert json.loads(memlab("resume", "last", "--json"))["kind"] == "resumed"
    Draft202012Validator(named_schema("pause")).validate(
        json.loads(memlab("pause", "last", "--json"))
    )
    memlab("resume", "last")
    memlab("edit", "last", "lr=0.2")
    assert "edited" in memlab.stderr
    memlab("edit", "last", "lr=fast", code=2)
    assert "refused" in memlab.stderr
    memlab("edit", "last", "weight=1", code=2)
    assert "allowed: lr" in memlab.stderr
    memlab("checkpoint", "last")
    assert loop.folder.checkpoints.steps() == [1]
    memlab("stop", "last")
    assert RunFolder(loop.folder.path).status() == "stopped"
    memlab("stop", "last", code=2)
    assert "found: stopped" in memlab.stderr
    memlab("resume", "last", code=2)
    assert "resume=True" in memlab.stderr


def test_a_missing_answer_is_an_error(memlab):
    with library.track("unresponsive", runs=memlab.runs) as run:
        run.log(loss=1.0)
        memlab("pause", "last", "--wait", "0.1", code=2)
    assert "no process has read it" in memlab.stderr
