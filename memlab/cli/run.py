"""`memlab run`: trains a preset without the console."""

from typing import TYPE_CHECKING, Annotated

import typer

from memlab.cli.event_command import OnEvent, parse_command
from memlab.cli.options import (
    Device,
    Json,
    Overrides,
    PresetName,
    Quiet,
    RunsFolder,
    Seed,
    Threads,
    with_seed,
)

if TYPE_CHECKING:
    from memlab.preset.schema import Preset
    from memlab.record.folder import RunFolder

CHEAP = 0.02
"""share of the training time that measures may take without a warning"""


def run(
    preset: PresetName,
    overrides: Overrides = None,
    seed: Seed = None,
    init: Annotated[
        str | None,
        typer.Option(
            metavar="PATH",
            help="Initial weights: a run (RUN, RUN@best, RUN@STEP), a GPT-2 folder, a model.bin.",
        ),
    ] = None,
    name: Annotated[str | None, typer.Option(help="Display name of the run.")] = None,
    device: Device = "auto",
    threads: Threads = None,
    measure: Annotated[
        list[str] | None,
        typer.Option(
            "--measure",
            metavar="NAME",
            help="Record a measure of the model at every evaluation; may be given several times.",
        ),
    ] = None,
    plot: Annotated[
        bool, typer.Option("--plot", help="Save the curves in the run's folder at the end.")
    ] = False,
    on_event: OnEvent = None,
    quiet: Quiet = False,
    json: Json = False,
    runs: RunsFolder = None,
) -> None:
    """Train a preset and print progress, then a loss chart, samples, spikes and phases."""
    from memlab.cli.training import train_headless
    from memlab.preset.check import check_preset
    from memlab.preset.create import create_run
    from memlab.preset.load import load
    from memlab.record.runs import runs_folder
    from memlab.training.device import choose_device

    command = parse_command(on_event)
    resolved = load(preset, with_seed(overrides, seed))
    if measure:
        names = [*resolved.evaluation.measures, *measure]
        wanted = [*with_seed(overrides, seed), f"evaluation.measures=[{', '.join(names)}]"]
        resolved = load(preset, wanted)
    report = check_preset(resolved)
    choose_device(device)  # fail before the run folder exists
    folder_of_runs = runs_folder(runs)
    if init is None:
        folder = create_run(resolved, folder_of_runs, name, report=report)
    else:
        from memlab.training.initial_weights import commit_initial_weights, read_initial_weights

        weights = read_initial_weights(init, folder_of_runs, report.facts)
        folder = create_run(
            resolved, folder_of_runs, name, origin={"init": weights.origin}, report=report
        )
        commit_initial_weights(folder, weights)
    if measure:
        _warn_of_cost(resolved, report.facts.evaluations, device)
    code = train_headless(
        folder,
        report.findings,
        device,
        threads=threads,
        on_event=command,
        quiet=quiet,
        as_json=json,
    )
    if plot:
        _save_curves(folder, is_silent=quiet or json)
    raise typer.Exit(code)


def _warn_of_cost(preset: "Preset", evaluations: int, device: str) -> None:
    """Say it when recording measures takes a considerable part of the time."""
    from memlab.cli.output import stderr
    from memlab.training.measure_cost import share_of_measures

    share = share_of_measures(preset, evaluations, device)
    if share > CHEAP:
        stderr().print(
            f"warning: these measures add about {share:.1%} to the training time; evaluate less "
            "often, or compute them afterwards with `memlab measure RUN NAME --at STEPS`",
            markup=False,
            soft_wrap=True,
        )


def _save_curves(folder: "RunFolder", *, is_silent: bool) -> None:
    """Save `derived/curves.png`; an error while drawing does not change the exit code."""
    from memlab.cli.output import stderr
    from memlab.errors import MemlabError
    from memlab.figures.make import picture_of
    from memlab.figures.source import RunSource
    from memlab.record import derived

    try:
        path = derived.write(folder, "curves.png", picture_of("curves", [RunSource(folder)]))
    except (MemlabError, OSError) as error:
        stderr().print(f"curves not saved: {error}", markup=False)
    else:
        if not is_silent:
            stderr().print(f"curves: {path}", markup=False, soft_wrap=True)
