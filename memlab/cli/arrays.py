"""`memlab arrays`: attention, embedding spectrum and logit table of a model, as arrays."""

from typing import Annotated

import typer

from memlab.cli.options import Device, Json, RunName, RunsFolder


def arrays(
    run: RunName,
    at: Annotated[
        int | None,
        typer.Option(
            "--at", metavar="STEP", help="Step of the model. Default: the last checkpoint."
        ),
    ] = None,
    device: Device = "auto",
    json: Json = False,
    runs: RunsFolder = None,
) -> None:
    """Save attention on a sample, embedding spectrum and logit table as an .npz file.

    The file is in the run's `derived/` folder; the console and `memlab plot` draw it. A step
    without a checkpoint is recomputed, and the recomputed rows must equal the recorded ones.
    """
    from memlab.cli.output import print_json, stderr, stdout
    from memlab.record.model_pictures import last_checkpoint, pictures_path
    from memlab.record.runs import find, runs_folder
    from memlab.training.model_pictures import model_pictures
    from memlab.training.models_at import ModelsAt

    folder = find(runs_folder(runs), run)
    step = last_checkpoint(folder) if at is None else at
    report = stderr()
    models = ModelsAt(folder, device, lambda line: report.print(line, markup=False))
    pictures = model_pictures(models, step)
    path = pictures_path(folder, step)
    if json:
        shapes = {
            name: list(getattr(pictures, name).shape)
            for name in ("attention", "spectrum", "margins")
        }
        print_json({"run": folder.id, "step": step, "file": str(path), "shapes": shapes})
    else:
        stdout().print(str(path), markup=False, soft_wrap=True)
