"""Time to plan a sweep of 1,000 members, and to show it when all have finished.

    python benchmarks/sweep_show.py [N]

The members are run folders without rows and checkpoints, which the tables do not read. Each command
is a new process: `sweep run --dry-run`, `sweep show --json` without a catalog, then with one.
"""

import os
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from memlab.record.attempt_writer import AttemptWriter
from memlab.record.events import Ended, Evaluated, Phase, Started
from memlab.record.folder import RunFolder
from memlab.record.runs import find
from memlab.record.summary import end_summary
from memlab.sweeps.create import create_sweep
from memlab.sweeps.expand import expand
from memlab.sweeps.load import load_sweep
from memlab.sweeps.worker import create_member
from memlab.version import __version__

AXIS = "optimizer.weight_decay=0,0.03,0.1,0.3,1"
PRESET, EVERY = "grok-add-quick", 20
REPEATS = 7
VERSIONS = {"memlab": __version__, "torch": "2.13.0+cpu", "numpy": "2.4.6", "python": "3.11.7"}


def finish(folder: RunFolder, rng: random.Random) -> None:
    """Record a training that generalizes at a random step and ends."""
    steps = folder.facts.planned_steps
    info = {"device": "cpu", "threads": 1, "versions": VERSIONS}
    with folder.claim(info, seq=0, first_step=1) as writer:
        writer.write(Started(step=0, attempt=1, device="cpu", engine="tree"))
        _evaluate(writer, steps, rng)
        grokked = rng.randrange(10, steps // EVERY) * EVERY
        for name, at in (("memorized", 80), ("grokked", grokked)):
            split = "train" if name == "memorized" else "val"
            phase = Phase(step=at, name=name, after=at - EVERY, split=split, threshold=0.99)
            writer.write(phase)
        writer.write(Ended(step=steps, reason="finished"))
        writer.end("finished", steps, end_summary(folder))


def _evaluate(writer: AttemptWriter, steps: int, rng: random.Random) -> None:
    for step in range(0, steps + 1, EVERY):
        names = ("train_loss", "train_accuracy", "val_loss", "val_accuracy")
        writer.write(Evaluated(step=step, values={name: rng.random() for name in names}))


def seconds(*words: str, runs: Path, cache: Path) -> float:
    """Wall time of a command."""
    start = time.perf_counter()
    env = {**os.environ, "XDG_CACHE_HOME": str(cache)}
    command = [sys.executable, "-m", "memlab", *words, "--runs", str(runs)]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, env=env)
    return time.perf_counter() - start


def main() -> None:
    """Measure and print."""
    n = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    seeds = n // 5
    with tempfile.TemporaryDirectory() as folder:
        runs, cache = Path(folder, "runs"), Path(folder, "cache")
        plan = ("sweep", "run", PRESET, AXIS, "--dry-run", "--seeds", str(seeds))
        print(f"plan of {n:,} members  {seconds(*plan, runs=runs, cache=cache):.2f} s", flush=True)
        source = load_sweep(PRESET, (AXIS,), seeds=seeds)
        sweep = create_sweep(source, expand(source, runs), runs)
        rng = random.Random(0)
        for member in sweep.members:
            create_member(sweep, member)
            finish(find(runs, member.run), rng)
        time.sleep(3)  # the catalog omits runs that changed in the last two seconds
        show = ("sweep", "show", sweep.id, "--json")
        print(f"show, no catalog   {seconds(*show, runs=runs, cache=cache):.2f} s", flush=True)
        warm = sorted(seconds(*show, runs=runs, cache=cache) for _ in range(REPEATS))
        print(f"show, with catalog {warm[REPEATS // 2]:.2f} s ({warm[0]:.2f} to {warm[-1]:.2f})")


if __name__ == "__main__":
    main()
