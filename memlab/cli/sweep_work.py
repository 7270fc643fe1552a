"""`memlab sweep work`: one worker, which trains members until none is left."""

import os
import shlex
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated, Any

import typer

from memlab.cli.event_command import OnEvent, call_on_events, parse_command
from memlab.cli.options import Device, Json, RunsFolder, Threads
from memlab.cli.sweep_options import SweepName
from memlab.plugins.folder import VARIABLE

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
        bool,
        typer.Option(
            help="Wait while other workers train the last members, in case one of them dies."
        ),
    ] = True,
    device: Device = "auto",
    on_event: OnEvent = None,
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

    training = MemberTraining(device, parse_command(on_event))
    opened = find_sweep(runs_folder(runs), sweep)
    console = stderr()

    def report(text: str) -> None:
        console.print(safe_text(text, limit=400), markup=False)

    with interruptible() as interrupted:
        worker = Worker(opened, training(), threads=threads, interrupted=interrupted, report=report)
        worker.run(wait=wait)
    totals = counts(SweepProgress(opened).read())
    if json:
        print_json({"sweep": opened.id, "members": totals})
    if interrupted():
        raise typer.Exit(130)
    if totals["failed"] and json:
        raise typer.Exit(3)


@dataclass(frozen=True)
class MemberTraining:
    """How workers train members; pickled for workers on other machines."""

    device: str
    on_event: tuple[str, ...] = ()
    """a program and its arguments (`parse_command`)"""
    plugins: str | None = field(default_factory=lambda: os.environ.get(VARIABLE))
    """the folder of plugins, for machines without this environment variable"""

    @property
    def options(self) -> list[str]:
        """These values as options of `memlab sweep work`."""
        on_event = ["--on-event", shlex.join(self.on_event)] if self.on_event else []
        return ["--device", self.device, *on_event]

    def __call__(self) -> "Trainer":
        """The functions that train members; torch is imported when the first one trains."""
        from memlab.sweeps.worker import Trainer

        if self.plugins is not None:
            os.environ[VARIABLE] = self.plugins
        return Trainer(self._train, self._fork)

    def _train(
        self,
        folder: "RunFolder",
        *,
        edits: Mapping[str, Any] | None,
        threads: int,
        after: int,
        interrupted: Callable[[], bool],
    ) -> "Iterator[Event]":
        from memlab.training import worker

        events = worker.work(
            folder,
            edits=edits,
            device=self.device,
            threads=threads,
            after=after,
            interrupted=interrupted,
        )
        return call_on_events(events, self.on_event, folder)

    def _fork(
        self,
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
        create_fork(parent, runs, request, self.device)
