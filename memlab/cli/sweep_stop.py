"""`memlab sweep stop`: stops all workers of a sweep."""

from memlab.cli.options import Json, RunsFolder
from memlab.cli.sweep_options import SweepName


def stop(sweep: SweepName, json: Json = False, runs: RunsFolder = None) -> None:
    """Stop all workers of a sweep, on any machine, after they have saved checkpoints."""
    from memlab.cli.output import print_json, stderr
    from memlab.record.runs import runs_folder
    from memlab.sweeps.progress import SweepProgress, counts
    from memlab.sweeps.sweep import find_sweep

    opened = find_sweep(runs_folder(runs), sweep)
    opened.stop()
    totals = counts(SweepProgress(opened).read())
    if json:
        print_json({"sweep": opened.id, "members": totals})
    else:
        stderr().print(f"{totals['running']} members are saving; memlab sweep resume {opened.id}")
