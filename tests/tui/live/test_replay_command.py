"""`memlab replay RUN --once` prints a frame."""

import pytest
import typer
from typer.testing import CliRunner

from memlab.cli.replay import replay
from memlab.errors import MemlabError
from memlab.record.folder import RunFolder
from memlab.tui.live.frame import frame

app = typer.Typer()
app.command()(replay)


def test_once_prints_the_frame_and_exits(finished: RunFolder) -> None:
    arguments = [str(finished.path), "--once", "--size", "100x30", "--at", "700"]
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == 0
    assert result.stdout == frame(finished, 700, 100, 30) + "\n"


@pytest.mark.parametrize("size", ["", "80", "80x", "ax3", "-80x24", "2x2", "99999x99999"])
def test_an_invalid_size_is_refused(finished: RunFolder, size: str) -> None:
    result = CliRunner().invoke(app, [str(finished.path), "--once", "--size", size])
    assert isinstance(result.exception, MemlabError)
