"""Execution of a sweep in the foreground: executor, signals, live table, exit code."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from memlab.cli.sweep_work import MemberTraining
    from memlab.sweeps.executor import Executor
    from memlab.sweeps.sweep import Sweep


def executor_for(
    on: str,
    jobs: int | None,
    threads: int,
    training: "MemberTraining",
    slurm: Sequence[str],
    gpus: float,
) -> "Executor":
    """The executor that `--on` names.

    Raises:
        MemlabError: unknown name, or its package is not installed.
    """
    from memlab.errors import MemlabError

    if gpus and not on.startswith("ray"):
        raise MemlabError(
            "--gpus is an option of Ray", where=f"--on {on}", hint="on Slurm: --slurm gpus=N"
        )
    if on == "local":
        from memlab.sweeps.local import Local, jobs_here

        return Local(jobs or jobs_here(threads), training.options)
    if on == "ray" or on.startswith("ray:"):
        from memlab.sweeps.ray_cluster import RayCluster

        return RayCluster(on.partition(":")[2], jobs, training, gpus)
    if on == "slurm":
        from memlab.sweeps.slurm import Slurm

        return Slurm(jobs, training, dict(_pair(option) for option in slurm))
    raise MemlabError(
        "unknown executor", where=f"--on {on}", allowed="local, ray, ray:ADDRESS, slurm"
    )


def _pair(option: str) -> tuple[str, str]:
    key, _, value = option.partition("=")
    return key, value


def execute_sweep(
    sweep: "Sweep", executor: "Executor", *, fail_fast: bool, quiet: bool, as_json: bool
) -> None:
    """Execute a sweep and show its progress; exits with 130 if interrupted, 3 if members failed."""
    from memlab.cli.output import print_json, stderr
    from memlab.cli.sweep_live import LiveTable
    from memlab.cli.sweep_tables import print_results
    from memlab.cli.training import interruptible
    from memlab.sweeps.executor import execute
    from memlab.sweeps.progress import SweepProgress
    from memlab.sweeps.sweep import Sweep
    from memlab.sweeps.tables import Results

    with interruptible() as interrupted, LiveTable(sweep, quiet or as_json) as table:
        execute(sweep, executor, interrupted=interrupted, show=table.show, fail_fast=fail_fast)
    results = Results(SweepProgress(Sweep.open(sweep.path)))  # members may have been added
    totals = results.counts
    if as_json:
        print_json(results.to_json())
    elif not quiet:
        print_results(results)
    if totals["queued"] or totals["running"] or totals["stopped"]:
        stderr().print(
            f"{totals['finished']} of {totals['total']} members are finished; "
            f"continue with: memlab sweep resume {sweep.id}"
        )
    if interrupted():
        raise typer.Exit(130)
    if totals["failed"]:
        raise typer.Exit(3)
