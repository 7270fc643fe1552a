"""`memlab run`: trains a preset without the console."""

from collections.abc import Sequence
from pathlib import Path
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
    from memlab.preset.check import Report
    from memlab.preset.schema import Preset
    from memlab.record.folder import RunFolder

WARNED_SHARE = 0.02
"""share of the training time that measures may take without a warning"""


def run(
    preset: PresetName,
    overrides: Overrides = None,
    seed: Seed = None,
    init: Annotated[
        str | None,
        typer.Option(
            metavar="PATH",
            help="Initial weights: a run (RUN, RUN@best, RUN@STEP), a GPT-2 folder or a model.bin.",
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
            help="Record a measure of the model at every evaluation; repeatable.",
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
    """Train a preset; print progress, then a summary with loss chart, samples, phases and spikes."""
    from memlab.cli.training import train_headless
    from memlab.preset.check import check_preset
    from memlab.record.runs import runs_folder
    from memlab.training.device import choose_device

    command = parse_command(on_event)
    resolved = _resolved(preset, with_seed(overrides, seed), measure or ())
    report = check_preset(resolved)
    choose_device(device)  # fail before the run folder exists
    folder = _created(resolved, report, init, name, runs_folder(runs))
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


def _resolved(ref: str, overrides: list[str], measures: Sequence[str]) -> "Preset":
    """The preset with overrides applied, which also records `measures`."""
    from memlab.preset.load import load

    preset = load(ref, overrides)
    if not measures:
        return preset
    names = ", ".join([*preset.evaluation.measures, *measures])
    return load(ref, [*overrides, f"evaluation.measures=[{names}]"])


def _created(
    preset: "Preset", report: "Report", init: str | None, name: str | None, runs: Path
) -> "RunFolder":
    """A new run, with initial weights if `init` names some."""
    from memlab.preset.create import create_run

    if init is None:
        return create_run(preset, runs, name, report=report)
    from memlab.training.initial_weights import commit_initial_weights, read_initial_weights

    weights = read_initial_weights(init, runs, report.facts)
    folder = create_run(preset, runs, name, origin={"init": weights.origin}, report=report)
    commit_initial_weights(folder, weights)
    return folder


def _warn_of_cost(preset: "Preset", evaluations: int, device: str) -> None:
    """Warn if recording measures takes more than `WARNED_SHARE` of the training time."""
    from memlab.cli.output import stderr
    from memlab.training.measure_cost import share_of_measures

    share = share_of_measures(preset, evaluations, device)
    if share > WARNED_SHARE:
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
