"""Arguments and options that the commands of `memlab sweep` share."""

from typing import Annotated

import typer

SweepName = Annotated[
    str,
    typer.Argument(metavar="SWEEP", help="Sweep id, unique prefix, name, path, or `last`."),
]
Jobs = Annotated[
    int | None,
    typer.Option(
        "--jobs",
        "-j",
        metavar="N",
        min=1,
        max=10_000,
        help="Members trained at once.",
        show_default="cores / threads; on Ray and Slurm 4",
    ),
]
On = Annotated[
    str,
    typer.Option("--on", metavar="local|ray[:ADDRESS]|slurm", help="Where members are trained."),
]
SlurmOptions = Annotated[
    list[str] | None,
    typer.Option(
        "--slurm",
        metavar="KEY=VALUE",
        help="partition, time (minutes), memory (GB) or gpus of the Slurm jobs; repeatable.",
    ),
]
Gpus = Annotated[
    float,
    typer.Option(
        "--gpus",
        metavar="SHARE",
        min=0,
        help="GPUs of each member on Ray; 0.25 = four members on a GPU.",
    ),
]
FailFast = Annotated[
    bool, typer.Option("--fail-fast", help="Save and stop all members as soon as one has failed.")
]
