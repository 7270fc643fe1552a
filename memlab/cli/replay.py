"""`memlab replay`: opens the console on a recorded run, or prints one frame as text."""

import gc
from typing import Annotated

import typer

from memlab.cli.options import RunName, RunsFolder
from memlab.cli.streams import need_terminal
from memlab.errors import MemlabError


def replay(
    run: RunName,
    speed: Annotated[
        float | None,
        typer.Option(min=0.0625, max=16384, help="Playback speed relative to the training."),
    ] = None,
    at: Annotated[int | None, typer.Option(metavar="STEP", min=0, help="Step to start at.")] = None,
    once: Annotated[bool, typer.Option("--once", help="Print one frame as text and exit.")] = False,
    size: Annotated[
        str, typer.Option(metavar="COLUMNSxROWS", help="Size of the frame of --once.")
    ] = "120x40",
    runs: RunsFolder = None,
) -> None:
    """Replay a recorded run in the console: play, pause, go to any step."""
    from memlab.record.runs import find, runs_folder

    gc.disable()  # until the first frame, when the screen enables it
    folder = find(runs_folder(runs), run)
    if once:
        from memlab.tui.live.frame import frame

        print(frame(folder, at, *_cells(size)))
    else:
        need_terminal()
        from memlab.cli.analysis import analysis
        from memlab.cli.console import run_console
        from memlab.cli.shutdown import Shutdown
        from memlab.tui.app import Memlab
        from memlab.tui.console_state import ConsoleState, state_file
        from memlab.tui.messages import OpenRun

        first, state = OpenRun(folder, at, speed), ConsoleState(state_file())
        app = Memlab(runs_folder(runs), first=first, state=state, analysis=analysis())
        run_console(app, Shutdown())


def _cells(size: str) -> tuple[int, int]:
    """Width and height from "120x40"."""
    width, by, height = size.partition("x")
    if not (by and width.isdecimal() and height.isdecimal()):
        raise MemlabError("invalid size", where="--size", found=size, allowed="like 120x40")
    columns, rows = int(width), int(height)
    if not (40 <= columns <= 1000 and 12 <= rows <= 1000):
        raise MemlabError(
            "size out of range", where="--size", found=size, allowed="40x12 to 1000x1000"
        )
    return columns, rows
