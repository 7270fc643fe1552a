"""The console of one browser tab, which `memlab serve` starts: confined, and without training."""

import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from memlab.cli.detached import start_fork, start_training
from memlab.cli.options import RunsFolder
from memlab.errors import MemlabError, RunError
from memlab.record.child_process import memlab_command

if TYPE_CHECKING:
    from memlab.preset.schema import Preset
    from memlab.record.folder import RunFolder
    from memlab.tui.training_functions import TrainingFunctions
    from memlab.web.confine import Limits

LOOK_SECONDS = 0.5
"""between two looks at a process that trains"""


def browser_tab(
    runs: RunsFolder = None,
    control: Annotated[bool, typer.Option("--control", help="Allow changes.")] = False,
) -> None:
    """Draw a console into the pipes of `memlab serve`."""
    if os.environ.get("TEXTUAL_DRIVER") is None or sys.stdin.isatty():
        raise MemlabError("only `memlab serve` starts this", hint="memlab serve")
    from memlab.cli.analysis import analysis
    from memlab.cli.shutdown import Leaving
    from memlab.record.process import machine
    from memlab.record.runs import runs_folder
    from memlab.tui.app import Memlab
    from memlab.web.confine import confine

    machine()  # remembers what it reads from files that are closed to a tab
    here = runs_folder(runs)
    confine(_limits(here, control))
    app = Memlab(here, _trainer(), analysis=analysis()) if control else Memlab(here, read_only=True)
    # The pipe from the server closes when the server ends, however it ends.
    Leaving().watch(lambda: app.call_from_thread(app.exit))
    app.run()
    sys.exit(app.return_code)


def _limits(runs: Path, control: bool) -> "Limits":
    """What a tab may read, write and start."""
    from memlab.web.confine import Limits

    folders = (Path.cwd(), runs)
    programs = [
        tuple(memlab_command(command)) for command in ("resume", "fork", "explain", "arrays")
    ]
    if control:
        return Limits(readable=(), writable=folders, programs=programs)
    return Limits(readable=folders, writable=(), programs=())


def _trainer() -> "TrainingFunctions":
    """Training in processes of their own, which outlive the tab."""
    from memlab.tui.training_functions import TrainingFunctions

    return TrainingFunctions(_train_apart, start_training, _probe, start_fork, outlive_console=True)


def _train_apart(folder: "RunFolder", interrupted: Callable[[], bool]) -> None:
    """Train a run in a process of its own and wait for its end, or until the tab is closed.

    Raises:
        RunError: the process ended with an error.
    """
    process = start_training(folder)
    while process.poll() is None:
        if interrupted():
            return
        time.sleep(LOOK_SECONDS)
    if process.returncode in (1, 2):
        raise RunError(
            "the process that trains this run ended with an error",
            where=folder.path.name,
            found=f"exit code {process.returncode}",
            hint=f"`memlab resume {folder.path.name}` shows it",
        )


def _probe(preset: "Preset") -> float:
    raise RunError("a browser tab computes no updates; `memlab bench` measures them")
