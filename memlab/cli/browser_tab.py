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

POLL_SECONDS = 0.5
"""between two polls of a training process"""


def browser_tab(
    runs: RunsFolder = None,
    control: Annotated[bool, typer.Option("--control", help="Allow changes.")] = False,
) -> None:
    """Draw a console into the pipes of `memlab serve`."""
    if os.environ.get("TEXTUAL_DRIVER") is None or sys.stdin.isatty():
        raise MemlabError("only `memlab serve` starts this command", hint="memlab serve")
    from memlab.cli.analysis import analysis
    from memlab.cli.console import run_console
    from memlab.cli.shutdown import Shutdown
    from memlab.record.process import machine
    from memlab.record.runs import runs_folder
    from memlab.tui.app import Memlab
    from memlab.web.confine import confine

    machine()  # cached now, since a confined process cannot read its source files
    folder = runs_folder(runs)
    confine(_limits(folder, control))
    app = (
        Memlab(folder, _trainer(), analysis=analysis())
        if control
        else Memlab(folder, read_only=True)
    )
    # The pipe from the server closes when the server exits, even if it is killed.
    run_console(app, Shutdown())


def _limits(runs: Path, control: bool) -> "Limits":
    """The files a tab may read and write, and the programs it may start."""
    from memlab.web.confine import Limits

    folders = (Path.cwd(), runs)
    programs = [
        tuple(memlab_command(command)) for command in ("resume", "fork", "explain", "arrays")
    ]
    if control:
        return Limits(readable=(), writable=folders, programs=programs)
    return Limits(readable=folders, writable=(), programs=())


def _trainer() -> "TrainingFunctions":
    """Functions that train in separate processes, which outlive the tab."""
    from memlab.tui.training_functions import TrainingFunctions

    return TrainingFunctions(
        _train_in_process, start_training, _probe, start_fork, outlive_console=True
    )


def _train_in_process(folder: "RunFolder", interrupted: Callable[[], bool]) -> None:
    """Train a run in a separate process and wait until it exits or the tab is closed.

    Raises:
        RunError: the process ended with an error.
    """
    process = start_training(folder)
    while process.poll() is None:
        if interrupted():
            return
        time.sleep(POLL_SECONDS)
    if process.returncode in (1, 2):
        from memlab.record.runs import reference

        raise RunError(
            "the training process ended with an error",
            where=folder.path.name,
            found=f"exit code {process.returncode}",
            hint=f"`memlab resume {reference(folder)}` shows the error",
        )


def _probe(preset: "Preset") -> float:
    raise RunError("a browser tab cannot time updates; use `memlab bench`")
