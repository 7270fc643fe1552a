"""`memlab serve`: the console in a browser on this machine."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from memlab.cli.options import Json, RunsFolder
from memlab.errors import MemlabError
from memlab.record.child_process import memlab_command

DEFAULT_PORT = 8765


def serve(
    port: Annotated[
        int, typer.Option(min=0, max=65535, help="Port on 127.0.0.1; 0 = any free port.")
    ] = DEFAULT_PORT,
    control: Annotated[
        bool,
        typer.Option(
            "--control", help="Allow changes: start, edit, pause, stop, rename, delete, save."
        ),
    ] = False,
    tabs: Annotated[int, typer.Option(min=1, max=64, help="Maximum number of open consoles.")] = 4,
    json: Json = False,
    runs: RunsFolder = None,
) -> None:
    """Show the console in a browser; read-only unless --control is given.

    Everyone on this machine who has the printed URL can use the console. Runs that are started
    from a tab train in separate processes. From another machine: ssh -L PORT:127.0.0.1:PORT HOST,
    with the same port on both sides.
    """
    import asyncio  # imported here: it takes a tenth of a second

    asyncio.run(_serve(port, control=control, tabs=tabs, as_json=json, runs=runs))


async def _serve(port: int, *, control: bool, tabs: int, as_json: bool, runs: Path | None) -> None:
    import asyncio
    import signal

    from memlab.cli.output import print_json, stderr

    try:
        from memlab.web.server import ConsoleServer
    except ImportError as error:
        if (error.name or "").startswith("memlab"):
            raise
        raise MemlabError(
            "textual-serve is not installed", hint='pip install "memlab[web]"'
        ) from None
    options = ["--control"] * control + (["--runs", str(runs)] if runs else [])
    server = ConsoleServer(memlab_command("_tab", *options), port=port, tabs=tabs)
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(number, stopped.set)

    def announce(url: str) -> None:
        if as_json:
            print_json({"url": url, "control": control, "tabs": tabs})
        else:
            print(url)
            mode = "control" if control else "read-only"
            stderr().print(f"{mode}, at most {tabs} tabs; Ctrl+C ends the server", markup=False)
            sys.stdout.flush()

    try:
        await server.run_until(stopped, announce)
    except OSError as error:
        raise MemlabError(
            "the server cannot listen",
            where=f"port {port}",
            found=str(error.strerror),
            hint="--port 0 chooses a free port",
        ) from error
