"""Training the members of a sweep from Python, in worker processes."""

import warnings
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import Any

from memlab.api.overrides import sweep_texts
from memlab.sweeps.create import create_sweep
from memlab.sweeps.executor import execute
from memlab.sweeps.expand import expand
from memlab.sweeps.load import load_sweep
from memlab.sweeps.local import Local, jobs_here
from memlab.sweeps.progress import MemberState
from memlab.sweeps.sweep import Sweep


def train_sweep(  # noqa: PLR0913 - the arguments of `memlab.sweep`
    base: str | Path,
    settings: Mapping[str, Any],
    runs: Path,
    *,
    seeds: int | Sequence[int] | None,
    jobs: int | None,
    threads: int | None,
    name: str | None,
    device: str,
    progress: bool,
) -> Sweep:
    """Create a sweep in `runs` and train its members; see `memlab.sweep`."""
    seed_list = list(seeds) if isinstance(seeds, Sequence) else seeds
    source = load_sweep(str(base), sweep_texts(settings), name=name, seeds=seed_list, runs=runs)
    plan = expand(source, runs, threads)
    sweep = create_sweep(source, plan, runs)
    with _bar(sweep, progress) as show:
        states = execute(
            sweep,
            Local(jobs or jobs_here(plan.threads), ["--device", device]),
            interrupted=lambda: False,
            show=show,
        )
    failed = [state for state in states if state.state == "failed"]
    if failed:
        warnings.warn(
            f"{len(failed)} of {len(states)} members failed; the first: {failed[0].member.run}: "
            f"{failed[0].reason}",
            RuntimeWarning,
            stacklevel=3,
        )
    return sweep


def _bar(sweep: Sweep, shown: bool) -> Any:
    if not shown:
        return nullcontext(_show_nothing)
    from memlab.api.progress_bar import sweep_progress_bar

    return sweep_progress_bar(sweep.name)


def _show_nothing(states: Sequence[MemberState]) -> None:
    pass
