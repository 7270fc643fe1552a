"""Commands that the console runs in separate processes: progress, failure, cancellation."""

import sys
from pathlib import Path

import pytest

from memlab.cli.analysis import analysis
from memlab.errors import RunError
from memlab.record.folder import RunFolder


@pytest.fixture
def replace_program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Replace the memlab process with a shell script."""

    def replace(script: str) -> None:
        program = tmp_path / "program"
        program.write_text(f"#!/bin/sh\n{script}\n")
        program.chmod(0o755)
        monkeypatch.setattr(sys, "executable", str(program))

    return replace


def test_lines_of_progress_are_reported_until_the_process_ends(replace_program, tmp_path):
    replace_program('echo first >&2; echo "$@" >&2; echo document')
    lines = []
    explain = analysis().explain
    explain(RunFolder(tmp_path), 753, lambda line: lines.append(line) or True)
    assert list(filter(None, lines)) == ["first", f"-m memlab explain {tmp_path} --at 753 --json"]


def test_the_last_lines_of_a_process_that_fails_are_the_error(replace_program, tmp_path):
    replace_program("echo one >&2; echo two >&2; exit 3")
    with pytest.raises(RunError, match="one · two"):
        analysis().explain(RunFolder(tmp_path), 1, lambda line: True)


def test_the_process_is_terminated_when_progress_is_refused(replace_program, tmp_path):
    replace_program("while true; do echo line >&2; done")
    lines = []
    analysis().explain(RunFolder(tmp_path), 1, lambda line: bool(lines.append(line)))
    assert lines == ["line"]


def test_the_process_is_terminated_without_a_line_when_the_result_is_not_wanted(
    replace_program, tmp_path
):
    replace_program("echo line >&2; exec sleep 1000")
    lines = []
    analysis().explain(RunFolder(tmp_path), 1, lambda line: lines.append(line) or line is not None)
    assert lines == ["line", None]


def test_a_line_without_an_end_is_reported(replace_program, tmp_path):
    replace_program("printf 'one\\n\\303' >&2")
    lines = []
    analysis().explain(RunFolder(tmp_path), 1, lambda line: lines.append(line) or True)
    assert [line for line in lines if line] == ["one", "\ufffd"]
