"""`memlab fork`: trains a new run that branches off another run at a step."""

from typing import Annotated

import typer

from memlab.cli.options import Device, Json, Overrides, Quiet, RunName, RunsFolder


def fork(
    run: RunName,
    overrides: Overrides = None,
    at: Annotated[
        int, typer.Option("--at", metavar="STEP", help="Last step shared with RUN.")
    ] = ...,  # type: ignore[assignment]
    steps: Annotated[
        int | None, typer.Option("--steps", min=1, help="Number of steps to train after it.")
    ] = None,
    name: Annotated[str | None, typer.Option(help="Display name of the fork.")] = None,
    device: Device = "auto",
    quiet: Quiet = False,
    json: Json = False,
    runs: RunsFolder = None,
) -> None:
    """Train a new run that equals RUN up to a step and continues with other settings.

    The steps between the nearest earlier checkpoint and STEP are recomputed and compared with
    the recorded rows. A fork without changes equals RUN bit for bit.
    """
    from memlab.cli.output import print_json, stderr
    from memlab.cli.training import train_headless
    from memlab.record.runs import find, runs_folder
    from memlab.training.fork import ForkRequest, create_fork

    folder = runs_folder(runs)
    request = ForkRequest(at, overrides or (), steps, name)
    fork = create_fork(find(folder, run), folder, request, device)
    if json:
        print_json(
            {
                "kind": "forked",
                "run": fork.folder.path.name,
                "step": at,
                "recomputed": fork.recomputed,
                "first_difference": fork.first_difference,
            }
        )
    elif not quiet:
        text = f"{fork.recomputed:,} steps recomputed"
        equal = fork.first_difference is None
        result = "equal" if equal else f"different from step {fork.first_difference:,}"
        stderr().print(f"{text}, {result}" if fork.recomputed else "forked at a checkpoint")
        for finding in fork.findings:
            stderr().print(f"{finding.level}: {finding.what}", markup=False)
    raise typer.Exit(train_headless(fork.folder, (), device, quiet=quiet, as_json=json))
