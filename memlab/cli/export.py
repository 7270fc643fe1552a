"""`memlab export`: writes a run's weights or curves for other programs."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from memlab.cli.options import Device, Json, RunName, RunsFolder

if TYPE_CHECKING:
    from memlab.record.folder import RunFolder


def export(
    run: RunName,
    to: Annotated[
        str,
        typer.Option(
            "--to",
            metavar="FORMAT",
            help="Weights: gpt2, transformer-lens, llm.c. "
            "Curves: csv, csv-long, parquet, tensorboard, trainer_state.",
        ),
    ],
    at: Annotated[
        str | None,
        typer.Option(
            "--at",
            metavar="best|last|STEP|all",
            help="Checkpoint to export; not for curves. Default: last.",
        ),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option(
            "-o",
            "--output",
            metavar="PATH",
            help="New folder or file. Default: named after the run.",
        ),
    ] = None,
    device: Device = "auto",
    json: Json = False,
    runs: RunsFolder = None,
) -> None:
    """Write a checkpoint or the curves of a run for other programs.

    A checkpoint is loaded again from the files; the largest difference of its logits is printed.
    """
    from memlab.errors import MemlabError
    from memlab.formats.export import CURVE_FORMATS
    from memlab.record.runs import find, runs_folder

    if to in CURVE_FORMATS and at is not None:
        raise MemlabError(
            f"{to} holds the curves of a run, not a checkpoint", where="--at", found=at,
            hint="memlab show --csv and --to csv write every step",
        )  # fmt: skip
    folder = find(runs_folder(runs), run)
    if to in CURVE_FORMATS:
        _export_curves(folder, to, output, json)
    else:
        _export_weights(run, folder, to, at or "last", output, device, json)


def _export_curves(folder: "RunFolder", to: str, output: Path | None, json: bool) -> None:
    """Write the curves of a run and print the path."""
    from memlab.cli.output import print_json, stdout
    from memlab.formats.export import export_curves

    path = export_curves(folder, to, output)
    if json:
        print_json({"run": folder.path.name, "format": to, "path": str(path)})
    else:
        stdout().print(str(path), markup=False, soft_wrap=True)


def _export_weights(
    run: str,
    folder: "RunFolder",
    to: str,
    at: str,
    output: Path | None,
    device: str,
    json: bool,
) -> None:
    """Write the weights of one checkpoint, or of all (`at` = "all"), and print the paths."""
    from memlab.cli.output import print_json, stdout
    from memlab.errors import MemlabError, nearest
    from memlab.formats.export import CURVE_FORMATS
    from memlab.training.export_weights import FORMATS, export_weights
    from memlab.training.trained_model import load_model

    if to not in FORMATS:
        formats = (*FORMATS, *CURVE_FORMATS)
        raise MemlabError(
            "unknown format", found=to, allowed=", ".join(formats), hint=nearest(to, formats)
        )
    target = output or Path(f"{folder.path.name}-{to}")
    paths = {at: target}
    if at == "all":
        paths = {str(s): target / f"step-{s:09d}" for s in folder.checkpoints.steps()}
    exports: list[dict[str, Any]] = []
    for which, path in paths.items():
        exported = export_weights(load_model(folder, which, device), to, path)
        exports.append(
            {
                "step": exported.step,
                "path": str(exported.path),
                "files": exported.files,
                "largest_difference": exported.largest_difference,
            }
        )
        if not json:
            stdout().print(
                f"{exported.path}  step {exported.step:,}  "
                f"largest difference of the logits {exported.largest_difference:.2g}",
                markup=False,
                soft_wrap=True,
            )
    if json:
        print_json({"run": run, "format": to, "exports": exports})
