"""`memlab sweep stop`: all workers save and leave."""

from memlab.cli.options import Json, RunsFolder
from memlab.cli.sweep_options import SweepName


def stop(sweep: SweepName, json: Json = False, runs: RunsFolder = None) -> None:
    """Ask all workers of a sweep, on any machine, to save and exit."""
    from memlab.cli.output import print_json, stderr
    from memlab.record.runs import runs_folder
    from memlab.sweeps.progress import SweepProgress, counts
    from memlab.sweeps.sweep import find_sweep

    found = find_sweep(runs_folder(runs), sweep)
    found.stop()
    number = counts(SweepProgress(found).read())
    if json:
        print_json({"sweep": found.id, "members": number})
    else:
        stderr().print(f"{number['running']} members are saving; memlab sweep resume {found.id}")
