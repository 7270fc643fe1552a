"""Whether `engine: auto` takes the fastest form: every preset, the three forms timed in turn.

    python benchmarks/choices.py [SECONDS] [PRESET ...]

Prints a table in markdown. A run costs SECONDS (default 5) a preset, and the slowest form's steps.
"""

import sys

from memlab.preset.load import available, load
from memlab.training.bench import measure


def main() -> None:
    """Print each preset's times and how near `auto` comes to the best."""
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 5.0
    names = sys.argv[2:] or [found.name for found in available()]
    print("| preset | plain ms | pruned ms | tree ms | auto takes | auto of the best |")
    print("|---|--:|--:|--:|---|--:|")
    for name in names:
        measured = measure(load(name), seconds)
        engines, chosen = measured["engines"], measured["engine"]
        times = {engine: engine["ms_per_step"] for engine, engine in engines.items()}
        shown = " | ".join(
            f"{times[f]:.1f}" if f in times else "-" for f in ("plain", "pruned", "tree")
        )
        print(
            f"| {name} | {shown} | {chosen} | {min(times.values()) / times[chosen]:.2f} |",
            flush=True,
        )


if __name__ == "__main__":
    main()
