"""The command and environment with which memlab starts itself in a child process."""

import os
import sys
from pathlib import Path


def memlab_command(*words: str) -> list[str]:
    """`memlab WORDS`, with the interpreter that runs now."""
    return [sys.executable, "-m", "memlab", *words]


def memlab_environment() -> dict[str, str]:
    """The environment in which that command finds the package that is loaded here."""
    here = str(Path(__file__).parents[2])
    path = os.pathsep.join([here, *filter(None, [os.environ.get("PYTHONPATH")])])
    return {**os.environ, "PYTHONPATH": path}
