"""`memlab run`: train a preset without a console."""

from typing import Annotated

import typer

from memlab.cli.options import Device, Json, Overrides, PresetName, Quiet, RunsFolder


def run(
    preset: PresetName,
    overrides: Overrides = None,
    seed: Annotated[int | None, typer.Option(help="The same as training.seed=N.")] = None,
    name: Annotated[str | None, typer.Option(help="How the run is called in lists.")] = None,
    device: Device = "auto",
    quiet: Quiet = False,
    json: Json = False,
    runs: RunsFolder = None,
) -> None:
    """Train a preset: progress, a closing chart, samples, spikes, phases."""
    from memlab.cli.training import train_headless
    from memlab.preset.check import check
    from memlab.preset.create import create_run
    from memlab.preset.load import load
    from memlab.record.runs import runs_folder
    from memlab.training.device import choose_device

    changes = list(overrides or ()) + ([] if seed is None else [f"training.seed={seed}"])
    resolved = load(preset, changes)
    report = check(resolved)
    choose_device(device)  # before there is a run that nobody can begin
    folder = create_run(resolved, runs_folder(runs), name)
    raise typer.Exit(train_headless(folder, report.findings, device, quiet=quiet, as_json=json))
