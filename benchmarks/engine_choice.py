"""Whether `engine: auto` chooses the fastest engine: times the three engines on every preset.

    python benchmarks/engine_choice.py [SECONDS] [PRESET ...]

Prints a Markdown table. It takes about SECONDS (default 5) per preset, and longer if three updates of the
slowest engine take longer.
"""

import sys

from memlab.preset.load import available, load
from memlab.training.bench import measure


def main() -> None:
    """Print the times of each preset, and the speed of `auto` relative to the fastest engine."""
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 5.0
    names = sys.argv[2:] or [preset.name for preset in available()]
    print(
        "| preset | plain ms | pruned ms | tree ms | auto chooses | speed relative to the fastest |"
    )
    print("|---|--:|--:|--:|---|--:|")
    for preset in names:
        measured = measure(load(preset), seconds)
        engines, chosen = measured["engines"], measured["engine"]
        times = {name: values["ms_per_step"] for name, values in engines.items()}
        shown = " | ".join(
            f"{times[engine]:.1f}" if engine in times else "-"
            for engine in ("plain", "pruned", "tree")
        )
        print(
            f"| {preset} | {shown} | {chosen} | {min(times.values()) / times[chosen]:.2f} |",
            flush=True,
        )


if __name__ == "__main__":
    main()
