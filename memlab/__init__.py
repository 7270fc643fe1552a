"""A lab console for memorization and generalization in tiny transformers.

    import memlab
    run = memlab.open("last")
    run.evaluations["val_loss"]
    run.predict(["12 + 40 ="])

Importing it, and opening and reading runs, loads no torch.
"""

import importlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from memlab.errors import MemlabError as MemlabError
from memlab.version import __version__ as __version__

if TYPE_CHECKING:
    from memlab.api.run import Run
    from memlab.api.sweep import SweepResults


def open(ref: str = "last", runs: str | Path | None = None) -> "Run":
    """Open a run: `memlab.open("last").steps["loss"]`.

    Args:
        ref: an id, a unique beginning of one, a path, or "last".
        runs: the folder of runs; None = `$MEMLAB_RUNS`, else `runs` here.

    Raises:
        RunError: there is no such run, or several.
    """
    from memlab.api.run import Run
    from memlab.record.runs import find, runs_folder

    return Run(find(runs_folder(None if runs is None else Path(runs)), str(ref)))


def run(  # noqa: PLR0913 - options of one command
    preset: str | Path,
    overrides: Mapping[str, Any] | None = None,
    *,
    seed: int | None = None,
    name: str | None = None,
    runs: str | Path | None = None,
    device: str = "auto",
    progress: bool = True,
    wait: bool = True,
) -> "Run":
    """Train a preset on this machine, in a process of its own, and return the run.

    Args:
        preset: a preset's name, or the path of its file.
        overrides: dotted settings to values, e.g. `{"optimizer.lr": 3e-4}`.
        seed: the same as `training.seed`.
        name: display name.
        runs: the folder of runs; None = `$MEMLAB_RUNS`, else `runs` here.
        device: cpu, cuda or auto.
        progress: show a progress bar.
        wait: return when the run has ended; False = as soon as it trains, to be followed with
            `run.refresh()` and controlled with `run.pause()`, `run.edit()`, `run.stop()`.

    Raises:
        PresetError: the preset or an override is not valid.
        RunError: training failed.
    """
    from memlab.api.overrides import override_texts
    from memlab.api.run import Run
    from memlab.api.train import train
    from memlab.preset.create import create_run
    from memlab.preset.load import load
    from memlab.record.runs import runs_folder

    settings = dict(overrides or {}) | ({} if seed is None else {"training.seed": seed})
    resolved = load(str(preset), override_texts(settings))
    folder = create_run(resolved, runs_folder(None if runs is None else Path(runs)), name)
    train(folder, device=device, progress=progress, wait=wait)
    return Run(folder)


def sweep(  # noqa: PLR0913 - options of one command
    base: str | Path,
    settings: Mapping[str, Any] | None = None,
    *,
    seeds: int | Sequence[int] | None = None,
    jobs: int | None = None,
    threads: int | None = None,
    name: str | None = None,
    runs: str | Path | None = None,
    device: str = "auto",
    progress: bool = True,
) -> "SweepResults":
    """Train a preset with several settings and seeds on this machine, and return the sweep.

    Members are trained in processes of their own. An interrupt (Ctrl-C, a notebook's stop button)
    makes them save and end; `memlab sweep resume` continues them.

    Args:
        base: a sweep file or a preset: name or path.
        settings: dotted settings to values; a list is the values of an axis, and all axes are
            combined: `{"optimizer.weight_decay": [0, 1], "training.steps": 2000}`.
        seeds: how many, from 0 on, or which.
        jobs: members trained at once; None = cores / threads.
        threads: CPU threads of each member; None = 1, or those of the run that they are forked
            from.
        name: display name.
        runs: the folder of runs; None = `$MEMLAB_RUNS`, else `runs` here.
        device: cpu, cuda or auto.
        progress: show a progress bar.

    Raises:
        PresetError: the sweep file, the preset or a setting is not valid.
        MemlabError: workers cannot be started.
    """
    from memlab.api.sweep import SweepResults
    from memlab.api.sweep_run import train_sweep
    from memlab.record.runs import runs_folder

    here = runs_folder(None if runs is None else Path(runs))
    return SweepResults(
        train_sweep(
            base,
            settings or {},
            here,
            seeds=seeds,
            jobs=jobs,
            threads=threads,
            name=name,
            device=device,
            progress=progress,
        )
    )


def open_sweep(ref: str = "last", runs: str | Path | None = None) -> "SweepResults":
    """Open a sweep: `memlab.open_sweep("last").table()`.

    Args:
        ref: an id, a unique beginning of one, a name, a path, or "last".
        runs: the folder of runs; None = `$MEMLAB_RUNS`, else `runs` here.

    Raises:
        RunError: there is no such sweep, or several.
    """
    from memlab.api.sweep import SweepResults
    from memlab.record.runs import runs_folder
    from memlab.sweeps.sweep import find_sweep

    return SweepResults(find_sweep(runs_folder(None if runs is None else Path(runs)), str(ref)))


def __getattr__(name: str) -> Any:
    """Load `memlab.track` on first use."""
    if name == "track":
        return importlib.import_module("memlab.track")
    raise AttributeError(f"module 'memlab' has no attribute {name!r}")
