"""The run that the members of a sweep are forked from."""

from dataclasses import dataclass
from pathlib import Path

from memlab.errors import PresetError, RunError
from memlab.preset.fork import SHARED_SEEDS, preset_to_fork
from memlab.preset.schema import Preset
from memlab.preset.strict_yaml import Document
from memlab.record.runs import find
from memlab.sweeps.schema import SweepFile


@dataclass(frozen=True)
class ForkParent:
    """A run, the last step that members share with it, and what they inherit from it."""

    run: str
    """its id, or its path if it is not in the folder of runs"""
    at: int
    settings: Preset
    """the settings at that step, including all edits"""
    threads: int
    """of its first attempt: the bits of the members depend on the number of threads"""


def fork_parent(file: SweepFile, document: Document, runs: Path) -> ForkParent | None:
    """The run that `from` names; None without `from`.

    Raises:
        PresetError: the seeds change the data, the split or the initial weights.
        RunError: the run does not exist, or has no such step or no preset.
    """
    if file.fork is None:
        return None
    try:
        folder = find(runs, file.fork.run)
    except RunError as error:
        error.where = document.place(("from", "run"))
        raise
    try:
        settings = preset_to_fork(folder, file.fork.at)
    except RunError as error:
        error.where = f"{document.place(('from', 'at'))}, run {folder.path.name}"
        raise
    _check_seeds(file, document)
    inside = folder.path.absolute().parent == runs.absolute()
    attempts = folder.attempts()
    threads = attempts[0].info.get("threads") if attempts else None
    name = folder.path.name if inside else str(folder.path.absolute())
    return ForkParent(name, file.fork.at, settings, threads or 1)


def _check_seeds(file: SweepFile, document: Document) -> None:
    given = {"seeds", "vary"} & file.model_fields_set
    shared = [seed for seed in file.vary if seed in ("seed", *SHARED_SEEDS)]
    if given and shared:
        raise PresetError(
            "forks share the data, the split and the initial weights of their parent",
            where=document.place(("vary",) if "vary" in given else ("seeds",)),
            found=f"vary: [{', '.join(file.vary)}]",
            allowed="vary: [batches], [dropout] or [batches, dropout]; or omit seeds and vary",
        )
