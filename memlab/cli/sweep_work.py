"""`memlab sweep work`: one worker, which trains members until none is left."""

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Annotated, Any

import typer

from memlab.cli.options import Device, Json, RunsFolder, Threads
from memlab.cli.sweep_options import SweepName

if TYPE_CHECKING:
    from pathlib import Path

    from memlab.preset.schema import Preset
    from memlab.record.events import Event
    from memlab.record.folder import RunFolder
    from memlab.sweeps.worker import Trainer


def work(
    sweep: SweepName,
    threads: Threads = None,
    wait: Annotated[
        bool, typer.Option(help="Stay while others train the last members, in case one dies.")
    ] = True,
    device: Device = "auto",
    json: Json = False,
    runs: RunsFolder = None,
) -> None:
    """Train members of a sweep until none is left; several workers may run at once."""
    from memlab.cli.output import print_json, stderr
    from memlab.cli.training import interruptible
    from memlab.record.runs import runs_folder
    from memlab.record.safe_text import safe_text
    from memlab.sweeps.progress import SweepProgress, counts
    from memlab.sweeps.sweep import find_sweep
    from memlab.sweeps.worker import Worker

    found = find_sweep(runs_folder(runs), sweep)
    console = stderr()

    def report(text: str) -> None:
        console.print(safe_text(text, limit=400), markup=False)

    with interruptible() as interrupted:
        worker = Worker(
            found, trainer_on(device), threads=threads, interrupted=interrupted, report=report
        )
        worker.run(wait=wait)
    number = counts(SweepProgress(found).read())
    if json:
        print_json({"sweep": found.id, "members": number})
    if interrupted():
        raise typer.Exit(130)
    if number["failed"] and json:
        raise typer.Exit(3)


def trainer_on(device: str) -> "Trainer":
    """What trains members on a device; torch is loaded when the first one is trained."""
    from memlab.sweeps.worker import Trainer

    def train(
        folder: "RunFolder",
        *,
        edits: Mapping[str, Any] | None,
        threads: int,
        after: int,
        interrupted: Callable[[], bool],
    ) -> "Iterator[Event]":
        from memlab.training import worker

        return worker.work(
            folder,
            edits=edits,
            device=device,
            threads=threads,
            after=after,
            interrupted=interrupted,
        )

    def fork(
        parent: "RunFolder",
        runs: "Path",
        *,
        at: int,
        settings: "Preset",
        name: str,
        run: str,
        origin: Mapping[str, Any],
    ) -> None:
        from memlab.training.fork import ForkRequest, create_fork

        request = ForkRequest(at, settings=settings, name=name, run=run, origin=origin)
        create_fork(parent, runs, request, device)

    return Trainer(train, fork)
