"""Closed pipes and streams cause no traceback."""

import os
import subprocess
import sys

import pytest

COMMANDS = [["runs", "--json"], ["show", "last", "--csv"], ["show", "last"], ["--help"]]


def outcome(program, words, *, closed="", **streams):
    """Exit code, and stderr unless it is redirected."""
    result = subprocess.run(
        ["sh", "-c", f'exec "$@" {closed}', "sh", sys.executable, "-m", "memlab", *words],
        cwd=program.folder,
        env=program.environment,
        text=True,
        check=False,
        **{"stderr": subprocess.PIPE, **streams},
    )
    return result.returncode, result.stderr


@pytest.fixture
def broken_pipe():
    """The write end of a pipe without a reader."""
    reading, writing = os.pipe()
    os.close(reading)
    yield writing
    os.close(writing)


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_a_closed_pipe_exits_with_141_and_no_message(trained, broken_pipe, words):
    assert outcome(trained, words, stdout=broken_pipe) == (141, "")


@pytest.mark.parametrize("words", [["show", "nothing"], ["--no-such-option"]], ids=" ".join)
def test_an_error_message_to_a_closed_pipe_exits_with_141(trained, broken_pipe, words):
    assert outcome(trained, words, stderr=broken_pipe) == (141, None)


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_a_command_with_closed_stdout_exits_as_usual(trained, words):
    assert outcome(trained, words, closed=">&-") == (0, "")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("words", "closed"), [(["predict", "last"], "<&-"), (["doctor"], "<&- >&-")]
)
def test_a_command_that_imports_torch_works_without_streams(trained, words, closed):
    assert outcome(trained, words, closed=closed) == (0, "")
