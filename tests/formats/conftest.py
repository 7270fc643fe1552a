"""A fixture that writes a log to a file and reads it."""

from collections.abc import Callable
from pathlib import Path

import pytest

from memlab.formats import Log, read_log

Read = Callable[..., Log]


@pytest.fixture
def read(tmp_path: Path) -> Read:
    """Read a log from a file with this content."""

    def run(content: str | bytes, name: str = "a.csv", **options: object) -> Log:
        path = tmp_path / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return read_log(path, **options)

    return run
