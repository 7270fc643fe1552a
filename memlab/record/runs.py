"""The folder of all runs: finding, listing, deleting and restoring."""

import os
import shlex
from collections.abc import Iterable, Iterator
from pathlib import Path

from memlab.errors import BusyError, RunError
from memlab.record import files
from memlab.record.folder import RunFolder
from memlab.record.run_id import is_id
from memlab.record.status import Status

TRASH = ".trash"


def runs_folder(option: Path | None = None) -> Path:
    """The folder of runs: the option, else `$MEMLAB_RUNS`, else `./runs`."""
    return option or Path(os.environ.get("MEMLAB_RUNS") or "runs")


def reference(folder: RunFolder) -> str:
    """The run in a command line: its id, or its path if it is not in the default folder of runs."""
    if folder.path.parent.resolve() == runs_folder().resolve():
        return folder.path.name
    path = folder.path.absolute()
    if path.is_relative_to(Path.cwd()):
        return shlex.quote(os.path.join(os.curdir, path.relative_to(Path.cwd())))
    return shlex.quote(str(path))


def run_names(runs: Path) -> list[str]:
    """Names of the visible entries in `runs`, newest first; not all need to be runs."""
    try:
        names = os.listdir(runs)
    except OSError:
        return []
    return sorted((name for name in names if not name.startswith(".")), reverse=True)


def iter_runs(runs: Path) -> Iterator[RunFolder]:
    """The runs, newest first, opened lazily."""
    return (RunFolder(runs / name) for name in run_names(runs) if _is_run(runs / name))


def list_runs(runs: Path) -> list[RunFolder]:
    """All runs, newest first."""
    return list(iter_runs(runs))


def _is_run(path: str | Path) -> bool:
    return os.path.lexists(f"{path}/run.json")


def find(runs: Path, ref: str) -> RunFolder:
    """The run that `ref` means: an id, a unique prefix of one, a path, or "last".

    The last run is the newest by creation that was started directly, not as a member of a sweep.

    Raises:
        RunError: no run matches, or several do.
    """
    if ref not in ("", ".", "..") and "/" not in ref and _is_run(runs / ref):
        return RunFolder(runs / ref)
    if ("/" in ref or ref in (".", "..")) and _is_run(ref):
        return RunFolder(Path(ref).resolve())
    all_runs = list_runs(runs)
    if ref == "last":
        matches = sorted(_newest(all_runs), key=_created)[-1:] or all_runs[:1]
    else:
        matches = [run for run in all_runs if ref and run.path.name.startswith(ref)]
    if len(matches) == 1:
        return matches[0]
    names = ", ".join(run.path.name for run in (matches or all_runs)[:5])
    if matches:
        raise RunError("several runs have this prefix", where=ref, found=names)
    raise RunError(
        "run not found" if all_runs else "no runs",
        where=ref,
        found=f"in {runs}: {names or 'nothing'}",
        allowed="an id, its prefix, a path, or `last`",
    )


def _newest(found: Iterable[RunFolder]) -> Iterator[RunFolder]:
    """Candidates for the newest run that was started directly.

    Args:
        found: runs, the newest names first. That is the order of creation except for renamed
            folders, so the descriptions of most runs need not be read.
    """
    has_own_name = False
    for run in found:
        if is_id(run.path.name) and has_own_name:
            continue
        if "sweep" not in run.description:
            has_own_name |= run.path.name == run.id
            yield run


def _created(run: RunFolder) -> tuple[float, bool]:
    """Creation time of a run; of a run and its copy the run sorts last."""
    return float(run.description.get("created", 0.0)), run.path.name == run.id


def delete(run: RunFolder) -> Path:
    """Move a run into the trash next to it; returns its new path.

    Raises:
        BusyError: a process trains it.
    """
    if run.status() in (Status.RUNNING, Status.PAUSED):
        raise BusyError("a process is training this run", where=run.path.name, hint="stop it first")
    trash = run.path.absolute().parent / TRASH
    files.make_folder(trash)
    files.move(run.path, trash / run.path.name)
    return trash / run.path.name


def restore(runs: Path, name: str) -> RunFolder:
    """Restore a deleted run.

    Raises:
        RunError: it is not in the trash.
    """
    if Path(name).name != name or not _is_run(runs / TRASH / name):
        raise RunError("this run is not in the trash", where=name)
    files.move(runs / TRASH / name, runs / name)
    return RunFolder(runs / name)
