"""Throughput of a sweep compared with its runs one after another, and the cost of its coordinator.

    python benchmarks/sweeps.py FOLDER [--preset P] [--members N] [--alone N] [--seconds S]

Trains N members of about S seconds each as a sweep, with one thread per member on all cores, and then
some of the same runs one after another, each with as many threads as cores. If fewer runs are trained
alone than members, their total time is extrapolated, and the output says so. FOLDER keeps the result of
each part, so that an interrupted measurement can be resumed. Prints one JSON object.
"""

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from memlab.preset.load import load
from memlab.record.events import Ended, Started
from memlab.record.folder import RunFolder
from memlab.record.history import History
from memlab.record.runs import list_runs
from memlab.sweeps.sweep import find_sweep
from memlab.training.device import set_threads
from memlab.training.step_time import seconds_per_step

POLL_SECONDS = 0.5
TICKS = os.sysconf("SC_CLK_TCK")


def main() -> None:
    """Measure the parts that FOLDER lacks, and print the results."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--preset", default="grok-add-quick")
    parser.add_argument("--members", type=int, default=16)
    parser.add_argument("--alone", type=int, default=16)
    parser.add_argument("--seconds", type=float, default=30.0)
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    cores = len(os.sched_getaffinity(0))
    steps = part(options.folder, "steps", lambda: steps_for(options.preset, options.seconds))
    run = [options.preset, f"training.steps={steps}"]
    swept = part(
        options.folder, "swept", lambda: run_sweep(options.folder, run, options.members, cores)
    )
    alone = [
        part(
            options.folder,
            f"alone-{seed}",
            lambda seed=seed: run_alone(options.folder, run, seed, cores),
        )
        for seed in range(options.alone)
    ]
    scale = options.members / options.alone
    all_alone = scale * sum(one["seconds"] for one in alone)
    training = scale * sum(one["training_seconds"] for one in alone)
    print(
        json.dumps(
            {
                "preset": options.preset,
                "steps": steps,
                "members": options.members,
                "cores": cores,
                "load_before": swept["load_before"],
                "sweep_seconds": swept["seconds"],
                "sweep_training_seconds": swept["training_seconds"],
                "member_seconds": swept["member_seconds"],
                "watcher_cpu_seconds": swept["watcher_cpu_seconds"],
                "watcher_share_of_a_core": swept["watcher_cpu_seconds"] / swept["seconds"],
                "alone_runs": options.alone,
                "alone_seconds": all_alone,
                "alone_training_seconds": training,
                "alone_is_extrapolated": scale != 1,
                "throughput_ratio": all_alone / swept["seconds"],
                "throughput_ratio_without_start_up": training / swept["training_seconds"],
            },
            indent=2,
        )
    )


def part(folder: Path, name: str, measure: Callable[[], Any]) -> Any:
    """The result of a part, read from the folder or measured and stored."""
    path = folder / f"{name}.json"
    if not path.exists():
        path.write_text(json.dumps(measure()))
    return json.loads(path.read_text())


def steps_for(preset: str, seconds: float) -> int:
    """Number of updates of the preset that take about `seconds` with one thread."""
    set_threads(0, 1)
    return max(1, round(seconds / seconds_per_step(load(preset), "cpu")))


def run_sweep(folder: Path, run: list[str], members: int, cores: int) -> dict[str, Any]:
    """Seconds of a sweep, in total and from the first start of a member to the last end."""
    runs = folder / "sweep"
    load_before = os.getloadavg()[0]
    command = [
        *("sweep", "run", *run, "--seeds", str(members)),
        *(
            "--jobs",
            str(cores),
            "--threads",
            "1",
            "--quiet",
            "--device",
            "cpu",
            "--runs",
            str(runs),
        ),
    ]
    began, watcher = time.monotonic(), start(command)
    cpu = 0.0
    while watcher.poll() is None:
        cpu = cpu_seconds(watcher.pid) or cpu
        time.sleep(POLL_SECONDS)
    seconds = time.monotonic() - began
    sweep = find_sweep(runs, "last")
    spans = [span(RunFolder(sweep.runs / member.run)) for member in sweep.members]
    return {
        "load_before": load_before,
        "seconds": seconds,
        "training_seconds": max(end for _, end in spans) - min(first for first, _ in spans),
        "member_seconds": [end - first for first, end in spans],
        "watcher_cpu_seconds": cpu,
    }


def run_alone(folder: Path, run: list[str], seed: int, cores: int) -> dict[str, float]:
    """Seconds of one run with as many threads as there are cores."""
    runs = folder / f"alone-{seed}"
    command = [
        *("run", *run, "--seed", str(seed)),
        *("--threads", str(cores), "--quiet", "--device", "cpu", "--runs", str(runs)),
    ]
    began = time.monotonic()
    if start(command).wait():
        raise SystemExit("a run failed")
    seconds = time.monotonic() - began
    first, end = span(list_runs(runs)[0])
    return {"seconds": seconds, "training_seconds": end - first}


def start(command: list[str]) -> subprocess.Popen[bytes]:
    """Start a `memlab` process without OMP_NUM_THREADS, so that only its options set the threads."""
    environment = {k: v for k, v in os.environ.items() if k != "OMP_NUM_THREADS"}
    return subprocess.Popen(
        [sys.executable, "-m", "memlab", *command], stdout=subprocess.DEVNULL, env=environment
    )


def cpu_seconds(pid: int) -> float:
    """CPU time of a process without its children; 0 after its end."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / TICKS


def span(run: RunFolder) -> tuple[float, float]:
    """Start and end of the training of a run, in seconds since the epoch."""
    now = History(run).until()
    return now.of(Started)[0].wall, now.of(Ended)[-1].wall


if __name__ == "__main__":
    main()
