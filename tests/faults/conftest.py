"""A file for the figures that tests measure."""

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest


@pytest.fixture
def record_figure(request: pytest.FixtureRequest) -> Callable[[str, int], None]:
    """Append a measured figure to the file `$MEMLAB_FIGURES`, if it is set."""

    def record(name: str, value: int) -> None:
        if path := os.environ.get("MEMLAB_FIGURES"):
            line = {"test": request.node.nodeid, "figure": name, "value": value}
            with Path(path).open("a") as file:
                file.write(json.dumps(line) + "\n")

    return record
