"""Arguments and options that several commands share."""

from pathlib import Path
from typing import Annotated

import typer

PresetName = Annotated[
    str, typer.Argument(metavar="PRESET", help="A preset's name, or the path of its file.")
]
Overrides = Annotated[
    list[str] | None,
    typer.Argument(metavar="[KEY=VALUE ...]", help="Settings to change: optimizer.lr=3e-4"),
]
RunName = Annotated[
    str, typer.Argument(metavar="RUN", help="A run's id, its beginning, its path, or `last`.")
]
RunsFolder = Annotated[
    Path | None,
    typer.Option(
        "--runs", metavar="DIR", help="Where runs lie.", show_default="$MEMLAB_RUNS, else runs/"
    ),
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON and nothing else.")]
Device = Annotated[str, typer.Option("--device", metavar="cpu|cuda|auto", help="Where to compute.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Print nothing but errors.")]
Checkpoint = Annotated[
    str, typer.Option("--at", metavar="best|last|STEP", help="Which checkpoint to use.")
]
