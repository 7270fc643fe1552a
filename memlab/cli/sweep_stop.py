"""`memlab sweep stop`: all workers save and exit."""

from memlab.cli.options import Json, RunsFolder
from memlab.cli.sweep_options import SweepName


def stop(sweep: SweepName, json: Json = False, runs: RunsFolder = None) -> None:
    """Ask all workers of a sweep, on any machine, to save and exit."""
    from memlab.cli.output import print_json, stderr
    from memlab.record.runs import runs_folder
    from memlab.sweeps.progress import SweepProgress, counts
    from memlab.sweeps.sweep import find_sweep

    opened = find_sweep(runs_folder(runs), sweep)
    opened.stop()
    number = counts(SweepProgress(opened).read())
    if json:
        print_json({"sweep": opened.id, "members": number})
    else:
        stderr().print(f"{number['running']} members are saving; memlab sweep resume {opened.id}")
