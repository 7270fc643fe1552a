"""`memlab verify`: checks claims against results."""

from contextlib import suppress
from typing import TYPE_CHECKING, Annotated

import typer

from memlab.cli.options import Device, Json, Quiet, RunsFolder

if TYPE_CHECKING:
    from pathlib import Path

    from memlab.preset.schema import Preset
    from memlab.record.folder import RunFolder
    from memlab.sweeps.sweep import Sweep


def verify(
    refs: Annotated[
        list[str],
        typer.Argument(
            metavar="PRESET_OR_RUN_OR_SWEEP",
            help="Presets, which are trained first, runs or sweeps.",
        ),
    ],
    markdown: Annotated[
        bool, typer.Option("--markdown", help="Print a page of Markdown instead of tables.")
    ] = False,
    reuse: Annotated[
        bool,
        typer.Option(
            "--reuse",
            help="Use a finished run with the preset's settings instead of training again.",
        ),
    ] = False,
    device: Device = "auto",
    quiet: Quiet = False,
    json: Json = False,
    runs: RunsFolder = None,
) -> None:
    """Check the claims of presets, runs or sweeps against results; exit 3 if one is not met."""
    from memlab.claims.reuse import finished_run
    from memlab.cli.claim_reports import run_report, sweep_report
    from memlab.cli.claim_tables import print_tables, to_markdown
    from memlab.cli.output import print_json
    from memlab.preset.run_preset import preset_of
    from memlab.preset.schema import Preset
    from memlab.record.folder import RunFolder
    from memlab.record.runs import runs_folder
    from memlab.sweeps.sweep import Sweep

    targets = [_find(ref, runs_folder(runs)) for ref in refs]
    reports = []
    for target in targets:
        if isinstance(target, RunFolder):
            reports.append(run_report(target, preset_of(target), device))
        elif isinstance(target, Preset):
            finished = finished_run(target, runs_folder(runs)) if reuse else None
            folder = finished or _train(target, runs_folder(runs), device, quiet)
            reports.append(run_report(folder, target, device))
    sweeps = [sweep_report(target) for target in targets if isinstance(target, Sweep)]
    if json:
        print_json({"runs": reports, "sweeps": sweeps} if sweeps else {"runs": reports})
    elif markdown:
        print(to_markdown([*reports, *sweeps]), end="")
    else:
        print_tables([*reports, *sweeps])
    if any(
        claim["status"] == "not met" for report in [*reports, *sweeps] for claim in report["claims"]
    ):
        raise typer.Exit(3)


def _find(ref: str, runs: "Path") -> "Preset | RunFolder | Sweep":
    """The preset with that name or path, otherwise the run, otherwise the sweep."""
    from memlab.errors import MemlabError, PresetError, RunError
    from memlab.preset import load
    from memlab.record.runs import find
    from memlab.sweeps.sweep import find_sweep

    try:
        load.find(ref)
    except PresetError as preset_error:
        try:
            return find(runs, ref)
        except RunError as run_error:
            with suppress(RunError):
                return find_sweep(runs, ref)
            raise MemlabError(
                "neither a preset nor a run nor a sweep",
                where=ref,
                found=f"{preset_error.what}; {run_error.what}",
                hint=preset_error.hint,
            ) from None
    return load.load(ref)


def _train(preset: "Preset", runs: "Path", device: str, quiet: bool) -> "RunFolder":
    """A new run of a preset; exits with the code of a failed run."""
    from memlab.cli.training import train_headless
    from memlab.preset.create import create_run
    from memlab.training.device import choose_device

    choose_device(device)  # fail before the run folder exists
    folder = create_run(preset, runs)
    code = train_headless(folder, (), device, quiet=quiet)
    if code not in (0, 3):
        raise typer.Exit(code)
    return folder
