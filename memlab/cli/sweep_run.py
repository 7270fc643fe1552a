"""`memlab sweep run` and `memlab sweep resume`: execute the members of a sweep."""

from typing import TYPE_CHECKING, Annotated

import typer

from memlab.cli.event_command import OnEvent, parse_command
from memlab.cli.options import Device, Json, Overrides, Quiet, RunsFolder
from memlab.cli.sweep_options import FailFast, Gpus, Jobs, On, SlurmOptions, SweepName

if TYPE_CHECKING:
    from memlab.sweeps.sweep import Sweep


def run(
    source: Annotated[
        str,
        typer.Argument(metavar="SWEEP_OR_PRESET", help="A sweep file or a preset: name or path."),
    ],
    overrides: Overrides = None,
    seeds: Annotated[
        str | None,
        typer.Option(
            metavar="N|LIST", help="Number of seeds, starting at 0, or a list: 42,123,456."
        ),
    ] = None,
    jobs: Jobs = None,
    threads: Annotated[
        int | None,
        typer.Option(
            metavar="N",
            min=1,
            max=1024,
            help="CPU threads of each member.",
            show_default="1; for forks as many as their parent used",
        ),
    ] = None,
    on: On = "local",
    slurm: SlurmOptions = None,
    gpus: Gpus = 0.0,
    name: Annotated[str | None, typer.Option(help="Display name of the sweep.")] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Print the planned members without creating them.")
    ] = False,
    fail_fast: FailFast = False,
    device: Device = "auto",
    on_event: OnEvent = None,
    quiet: Quiet = False,
    json: Json = False,
    runs: RunsFolder = None,
) -> None:
    """Create a sweep and train its members; KEY=V1,V2 makes a setting an axis of the sweep."""
    from memlab.cli.sweep_execute import execute_sweep, executor_for
    from memlab.cli.sweep_plan import print_plan
    from memlab.cli.sweep_work import MemberTraining
    from memlab.record.runs import runs_folder
    from memlab.sweeps.create import create_sweep
    from memlab.sweeps.expand import expand
    from memlab.sweeps.load import load_sweep
    from memlab.sweeps.local import jobs_here

    command = parse_command(on_event)
    folder = runs_folder(runs)
    loaded = load_sweep(source, overrides or (), name=name, seeds=read_seeds(seeds), runs=folder)
    plan = expand(loaded, folder, threads)
    if dry_run:
        print_plan(plan, jobs or jobs_here(plan.threads), device, as_json=json)
        return
    training = MemberTraining(device, command)
    executor = executor_for(on, jobs, plan.threads, training, slurm or (), gpus)
    sweep = create_sweep(loaded, plan, folder)
    execute_sweep(sweep, executor, fail_fast=fail_fast, quiet=quiet, as_json=json)


def resume(
    sweep: SweepName,
    jobs: Jobs = None,
    on: On = "local",
    slurm: SlurmOptions = None,
    gpus: Gpus = 0.0,
    fail_fast: FailFast = False,
    device: Device = "auto",
    on_event: OnEvent = None,
    quiet: Quiet = False,
    json: Json = False,
    runs: RunsFolder = None,
) -> None:
    """Train the members that are neither finished nor running, including failed and stopped ones."""
    from memlab.cli.sweep_execute import execute_sweep, executor_for
    from memlab.cli.sweep_work import MemberTraining
    from memlab.record.runs import runs_folder
    from memlab.sweeps.sweep import find_sweep

    command = parse_command(on_event)
    opened = find_sweep(runs_folder(runs), sweep)
    training = MemberTraining(device, command)
    executor = executor_for(on, jobs, opened.plan.threads, training, slurm or (), gpus)
    opened.resume(_attempts_so_far(opened))
    execute_sweep(opened, executor, fail_fast=fail_fast, quiet=quiet, as_json=json)


def _attempts_so_far(sweep: "Sweep") -> dict[str, int]:
    """Number of attempts of failed and stopped members, which will be retried."""
    from memlab.sweeps.progress import SweepProgress

    progress = SweepProgress(sweep)
    ended = [state for state in progress.read() if state.state in ("failed", "stopped")]
    attempts = {state.member.run: progress.folder(state.member).attempts() for state in ended}
    return {run: own[-1].number for run, own in attempts.items() if own}


def read_seeds(text: str | None) -> int | list[int] | None:
    """The seeds in `5` or `42,123,456`.

    Raises:
        MemlabError: it is neither.
    """
    from memlab.errors import MemlabError

    if text is None:
        return None
    try:
        numbers = [int(part) for part in text.split(",")]
    except ValueError:
        raise MemlabError(
            "invalid seeds",
            where="--seeds",
            found=text,
            allowed="a number such as 5, or a list such as 42,123,456",
        ) from None
    return numbers if "," in text else numbers[0]
