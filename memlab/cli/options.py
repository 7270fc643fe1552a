"""Arguments and options that several commands share."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

PresetName = Annotated[
    str, typer.Argument(metavar="PRESET", help="Name of a preset, or path of its file.")
]
Overrides = Annotated[
    list[str] | None,
    typer.Argument(metavar="KEY=VALUE", help="Settings to change: optimizer.lr=3e-4"),
]
Seed = Annotated[
    int | None, typer.Option("--seed", help="Master random seed; same as training.seed=N.")
]
RunName = Annotated[
    str,
    typer.Argument(
        metavar="RUN", help="Run id, unique prefix of an id, path, or `last` (the newest)."
    ),
]
RunsFolder = Annotated[
    Path | None,
    typer.Option(
        "--runs", metavar="DIR", help="Folder of runs.", show_default="$MEMLAB_RUNS, or ./runs"
    ),
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON only.")]
Device = Annotated[
    str, typer.Option("--device", metavar="cpu|cuda|auto", help="Device to compute on.")
]
Threads = Annotated[
    int | None,
    typer.Option(
        "--threads",
        metavar="N",
        min=1,
        max=1024,
        help="CPU threads; results depend on the number by rounding.",
        show_default="by the size of the model",
    ),
]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Print errors only.")]
Checkpoint = Annotated[
    str, typer.Option("--at", metavar="best|last|STEP", help="Checkpoint to use.")
]


def with_seed(overrides: Sequence[str] | None, seed: int | None) -> list[str]:
    """The overrides, with `training.seed` last if `--seed` was given."""
    return [*(overrides or ()), *([] if seed is None else [f"training.seed={seed}"])]
