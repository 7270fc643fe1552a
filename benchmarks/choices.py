"""Whether `engine: auto` takes the fastest form: every preset, the three forms timed in turn.

    python benchmarks/choices.py [SECONDS] [PRESET ...]

Prints a table in markdown. A run costs SECONDS (default 5) a preset, and the slowest form's steps.
"""

import sys

import torch

from memlab.engine.bench import measure
from memlab.engine.forms.choose import choose
from memlab.engine.forms.form import Sequences
from memlab.preset.facts import facts
from memlab.preset.load import available, load


def main() -> None:
    """Print each preset's times and how near `auto` comes to the best."""
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 5.0
    names = sys.argv[2:] or [found.name for found in available()]
    print("| preset | plain ms | pruned ms | tree ms | auto takes | auto of the best |")
    print("|---|--:|--:|--:|---|--:|")
    for name in names:
        preset = load(name)
        known = facts(preset)
        sequences = Sequences(torch.from_numpy(known.train.tokens), torch.from_numpy(known.target))
        chosen = choose("auto", sequences, preset.model, known.batch_size).name
        engines = measure(preset, seconds)["engines"]
        times = {form: engine["ms_per_step"] for form, engine in engines.items()}
        shown = " | ".join(
            f"{times[f]:.1f}" if f in times else "-" for f in ("plain", "pruned", "tree")
        )
        print(
            f"| {name} | {shown} | {chosen} | {min(times.values()) / times[chosen]:.2f} |",
            flush=True,
        )


if __name__ == "__main__":
    main()
