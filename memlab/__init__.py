"""A lab console for memorization and generalization in tiny transformers.

    import memlab
    run = memlab.open("last")
    run.evaluations["val_loss"]
    run.predict(["12 + 40 ="])

Importing memlab and reading runs load no torch.
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
        ref: an id, a unique prefix of an id, a path, or "last".
        runs: the folder of runs; None = `$MEMLAB_RUNS`, else `./runs`.

    Raises:
        RunError: no run matches, or several do.
    """
    from memlab.api.run import Run
    from memlab.record.runs import find

    return Run(find(_runs_folder(runs), str(ref)))


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
    """Train a preset on this machine, in a child process, and return the run.

    Args:
        preset: a preset's name, or the path of its file.
        overrides: dotted settings to values, e.g. `{"optimizer.lr": 3e-4}`.
        seed: override of `training.seed`.
        name: display name.
        runs: the folder of runs; None = `$MEMLAB_RUNS`, else `./runs`.
        device: cpu, cuda or auto.
        progress: show a progress bar.
        wait: True = return when the run has ended; False = when it has started. Then
            `run.refresh()` follows it; `run.pause()`, `run.edit()`, `run.stop()` control it.

    Raises:
        PresetError: the preset or an override is not valid.
        RunError: training failed.
    """
    from memlab.api.overrides import override_texts
    from memlab.api.run import Run
    from memlab.api.train import train
    from memlab.preset.create import create_run
    from memlab.preset.load import load

    settings = dict(overrides or {}) | ({} if seed is None else {"training.seed": seed})
    resolved = load(str(preset), override_texts(settings))
    folder = create_run(resolved, _runs_folder(runs), name)
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

    Members train in child processes. On an interrupt (Ctrl-C, a notebook's stop button) they save
    checkpoints and exit; `memlab sweep resume` continues them.

    Args:
        base: a sweep file or a preset: name or path.
        settings: dotted settings to values; a list makes an axis, and the cells are the product
            of all axes: `{"optimizer.weight_decay": [0, 1], "training.steps": 2000}`.
        seeds: number of seeds, starting at 0, or a list of seeds.
        jobs: members trained at once; None = cores / threads.
        threads: CPU threads of each member; None = 1, for forks as many as their parent used.
        name: display name.
        runs: the folder of runs; None = `$MEMLAB_RUNS`, else `./runs`.
        device: cpu, cuda or auto.
        progress: show a progress bar.

    Raises:
        PresetError: the sweep file, the preset or a setting is not valid.
        MemlabError: workers cannot be started.
    """
    from memlab.api.sweep import SweepResults
    from memlab.api.sweep_run import train_sweep

    return SweepResults(
        train_sweep(
            base,
            settings or {},
            _runs_folder(runs),
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
        ref: an id, a unique prefix of an id, a name, a path, or "last".
        runs: the folder of runs; None = `$MEMLAB_RUNS`, else `./runs`.

    Raises:
        RunError: no sweep matches, or several do.
    """
    from memlab.api.sweep import SweepResults
    from memlab.sweeps.sweep import find_sweep

    return SweepResults(find_sweep(_runs_folder(runs), str(ref)))


__all__ = ["MemlabError", "__version__", "open", "open_sweep", "run", "sweep", "track"]


def __dir__() -> list[str]:
    return __all__


def _runs_folder(runs: str | Path | None) -> Path:
    from memlab.record.runs import runs_folder

    return runs_folder(None if runs is None else Path(runs))


def __getattr__(name: str) -> Any:
    """Load `memlab.track` on first use."""
    if name == "track":
        return importlib.import_module("memlab.track")
    raise AttributeError(f"module 'memlab' has no attribute {name!r}")
