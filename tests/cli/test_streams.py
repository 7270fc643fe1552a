"""A reader that leaves, and streams that were never there: no bug, and no traceback."""

import os
import subprocess
import sys

import pytest

COMMANDS = [["runs", "--json"], ["show", "last", "--csv"], ["show", "last"], ["--help"]]


def outcome(program, words, *, closed="", **streams):
    """Exit code and, where it is not given away, what is said on stderr."""
    done = subprocess.run(
        ["sh", "-c", f'exec "$@" {closed}', "sh", sys.executable, "-m", "memlab", *words],
        cwd=program.folder,
        env=program.environment,
        text=True,
        check=False,
        **{"stderr": subprocess.PIPE, **streams},
    )
    return done.returncode, done.stderr


@pytest.fixture
def broken_pipe():
    """The end to write to, of a pipe that nobody reads."""
    reading, writing = os.pipe()
    os.close(reading)
    yield writing
    os.close(writing)


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_a_reader_that_left_is_no_bug(trained, broken_pipe, words):
    assert outcome(trained, words, stdout=broken_pipe) == (141, "")


@pytest.mark.parametrize("words", [["show", "nothing"], ["--no-such-option"]], ids=" ".join)
def test_an_error_without_a_reader_is_not_a_bug(trained, broken_pipe, words):
    assert outcome(trained, words, stderr=broken_pipe) == (141, None)


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_a_command_without_an_output_ends_as_with_one(trained, words):
    assert outcome(trained, words, closed=">&-") == (0, "")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("words", "closed"), [(["predict", "last"], "<&-"), (["doctor"], "<&- >&-")]
)
def test_a_command_that_loads_torch_needs_no_streams_either(trained, words, closed):
    assert outcome(trained, words, closed=closed) == (0, "")
