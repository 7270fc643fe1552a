"""`memlab sweep delete`: moves a sweep and its members to the trash."""

from memlab.cli.options import Json, RunsFolder
from memlab.cli.sweep_options import SweepName


def delete(sweep: SweepName, json: Json = False, runs: RunsFolder = None) -> None:
    """Move a sweep and its members to the trash; adopted runs are kept."""
    from memlab.cli.output import print_json, stderr
    from memlab.record.runs import runs_folder
    from memlab.sweeps.change import delete_sweep
    from memlab.sweeps.sweep import find_sweep

    opened = find_sweep(runs_folder(runs), sweep)
    moved = delete_sweep(opened)
    if json:
        print_json({"sweep": opened.id, "deleted": moved})
    else:
        stderr().print(f"{opened.id} and {len(moved)} runs are in {opened.runs / '.trash'}")
