"""Write docs/examples.md: results with their figures and the commands that made them.

    python tools/examples.py [NAME ...]

The folder of the runs is $MEMLAB_RUNS or build/examples. Finished runs are not trained again, interrupted
ones are resumed. With names, only these examples are trained and drawn, and the page is not written.
"""

import os
import shlex
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from memlab.errors import RunError
from memlab.record.child_process import memlab_command, memlab_environment
from memlab.record.folder import RunFolder
from memlab.record.runs import list_runs
from memlab.record.summary import summarize
from memlab.sweeps.progress import SweepProgress
from memlab.sweeps.sweep import Sweep, find_sweep
from memlab.sweeps.tables import Results

ROOT = Path(__file__).parents[1]
PICTURES = ROOT / "docs" / "pictures" / "examples"
PAGE = ROOT / "docs" / "examples.md"
Summary = Mapping[str, Any]


@dataclass(frozen=True)
class Example:
    """An example: commands, figure and text."""

    name: str
    title: str
    text: str
    train: tuple[str, ...]
    """commands without `memlab`; each trains a run or, with `sweep run`, a sweep"""
    plot: str
    """options of `memlab plot`"""
    facts: Callable[[Sequence[Summary]], str]
    """returns a sentence about the summaries of the runs, or about the results of the sweep"""


VERBS = {"memorized": ("memorizes", "memorize"), "grokked": ("generalizes", "generalize")}


def crossing(summary: Summary, name: str) -> str:
    """The step at which a run memorized or generalized: "generalizes at step 960"."""
    step, (does, do) = summary[f"{name}_at"], VERBS[name]
    if step:
        return f"{does} at step {step['to']:,}"
    return f"does not {do} within {summary['step']:,} steps"


def phases(summaries: Sequence[Summary]) -> str:
    """The steps at which a run memorized and generalized."""
    (s,) = summaries
    return f"It {crossing(s, 'memorized')} and {crossing(s, 'grokked')}."


def spikes(summaries: Sequence[Summary]) -> str:
    """The number of spikes and the height of the highest."""
    (s,) = summaries
    highest = max(s["spikes"], key=lambda spike: spike["peak"] / spike["base"])
    recovered = highest["recovered_at"]
    end = f"the loss recovers at step {recovered:,}" if recovered else "the loss does not recover"
    return (
        f"The detector finds {len(s['spikes'])} spikes in {s['step']:,} steps. The highest begins at step "
        f"{highest['step']:,} and rises from {highest['base']:.2g} to {highest['peak']:.2g}; {end}."
    )


def accuracies(measure: str) -> Callable[[Sequence[Summary]], str]:
    """The final value of an accuracy of each run."""

    def facts(summaries: Sequence[Summary]) -> str:
        parts = [
            f"{s['preset']}: {s['final'][measure]:.1%} after {s['step']:,} updates"
            for s in summaries
        ]
        return f"{measure.replace('_', ' ').capitalize()}: {'; '.join(parts)}."

    return facts


def steps_of_two(summaries: Sequence[Summary]) -> str:
    """The steps at which each of several runs memorized and generalized."""
    parts = [
        f"{s['preset']} {crossing(s, 'memorized')} and {crossing(s, 'grokked')}" for s in summaries
    ]
    return f"Here {'; '.join(parts)}."


def seeds(summaries: Sequence[Summary]) -> str:
    """The step at which each seed generalized."""
    parts = [f"seed {s['seed']} {crossing(s, 'grokked')}" for s in summaries]
    return f"Here {', '.join(parts)}."


def cells(results: Sequence[Summary]) -> str:
    """The number of seeds of each cell that generalized."""
    (document,) = results
    parts = [
        ", ".join(f"{key.rpartition('.')[2]} {value}" for key, value in cell["at"].items())
        + f": {cell['grokked']['reached']} of {cell['grokked']['of']}"
        for cell in document["cells"]
    ]
    shown = parts[0].removeprefix(": ") if len(parts) == 1 else "; ".join(parts)
    return f"Seeds whose validation accuracy reached 99 %: {shown}."


EXAMPLES = (
    Example(
        "grokked",
        "A run that memorizes, then generalizes",
        "Addition modulo 59, trained on 40 % of the table. The model memorizes the training "
        "examples (99 % correct) long before it generalizes (99 % of the validation examples correct).",
        ("run quickstart --name grokked",),
        "--kind curves",
        phases,
    ),
    Example(
        "spikes",
        "Loss spikes",
        "Without normalization and with softmax in float32, the loss falls to the precision of "
        "float32 and then has spikes.",
        ("run precision-spikes-quick --name spikes",),
        "--kind spike",
        spikes,
    ),
    Example(
        "undertrained",
        "Undertrained versus fixed",
        "500 random keys to memorize, in the same number of epochs. With large batches and the loss on "
        "every token there are too few updates; smaller batches and the loss on the answer fix this. "
        "`memlab check undertrained-quick` reports this before training.",
        ("run undertrained-quick --name undertrained", "run memorize-quick --name fixed"),
        "--kind overlay --measure train_accuracy",
        accuracies("train_accuracy"),
    ),
    Example(
        "dilution",
        "Loss on the answer versus loss on all tokens",
        "The operands of a random problem cannot be predicted. With the loss on every token, their "
        "noise dilutes the signal of the answer.",
        ("run answer-only-quick --name answer-only", "run dilution-quick --name all-tokens"),
        "--kind overlay --measure val_accuracy",
        steps_of_two,
    ),
    Example(
        "seeds",
        "One setting, several seeds",
        "The step of generalization differs between seeds. The figure shows median, range and single runs.",
        tuple(
            f"run grok-add-quick --seed {seed} --name 'grok-add-quick seed={seed}'"
            for seed in range(3)
        ),
        "--kind bands",
        seeds,
    ),
    Example(
        "phase-diagram",
        "A phase diagram",
        "Weight decay by learning rate: each cell shows the fraction of its seeds in each phase.",
        (
            "sweep run grok-then-spike training.steps=1500 weight_decay=0,1,2 lr=0.003,0.01 --seeds 2 "
            "--name decay-by-lr",
        ),
        "--kind phase-diagram",
        cells,
    ),
)


def runs_folder() -> Path:
    """The folder of the runs of the examples."""
    return Path(os.environ.get("MEMLAB_RUNS") or ROOT / "build" / "examples")


def memlab(*words: str) -> None:
    """Run a `memlab` command in the folder of the runs of the examples."""
    environment = memlab_environment() | {"MEMLAB_RUNS": str(runs_folder())}
    subprocess.run(memlab_command(*words), env=environment, check=True)


def name_of(command: str) -> str:
    """The display name in a command."""
    words = shlex.split(command)
    return words[words.index("--name") + 1]


def trained_run(command: str) -> RunFolder:
    """The finished run of a command; trained or resumed if necessary."""
    name = name_of(command)

    def named_runs() -> list[RunFolder]:
        return [run for run in list_runs(runs_folder()) if run.labels().name == name]

    if not named_runs():
        memlab(*shlex.split(command), "--quiet")
    run = named_runs()[0]
    if run.status() != "finished":
        memlab("resume", run.path.name, "--quiet")
    return run


def trained_sweep(command: str) -> Sweep:
    """The finished sweep of a command; trained or resumed if necessary."""
    try:
        sweep = find_sweep(runs_folder(), name_of(command))
    except RunError:
        memlab(*shlex.split(command), "--quiet")
        sweep = find_sweep(runs_folder(), name_of(command))
    if Results(SweepProgress(sweep)).status != "finished":
        memlab("sweep", "resume", sweep.id, "--quiet")
    return sweep


def section(example: Example) -> str:
    """Train and draw an example; returns its section of the page."""
    refs, summaries = [], []
    for command in example.train:
        if command.startswith("sweep "):
            sweep = trained_sweep(command)
            refs.append(sweep.id)
            summaries.append(Results(SweepProgress(sweep)).to_json())
        else:
            run = trained_run(command)
            refs.append(run.path.name)
            summaries.append(summarize(run).to_json())
    PICTURES.mkdir(parents=True, exist_ok=True)
    picture = PICTURES / f"{example.name}.png"
    options = [*shlex.split(example.plot), "--for", "web"]
    memlab("plot", *refs, *options, "-o", str(picture))
    commands = [f"memlab {command}" for command in example.train]
    commands.append(shlex.join(["memlab", "plot", *refs, *options, "-o", picture.name]))
    return "\n".join(
        [
            f"## {example.title}",
            "",
            f"{example.text} {example.facts(summaries)}",
            "",
            f"![{example.title}]({picture.relative_to(PAGE.parent)})",
            "",
            "```",
            *commands,
            "```",
            "",
        ]
    )


def main(names: Sequence[str]) -> None:
    """Train and draw the examples with these names; without names all, and write the page."""
    sections = [section(example) for example in EXAMPLES if not names or example.name in names]
    if len(sections) < len(EXAMPLES):
        return
    head = (
        "# Examples\n\n"
        "Six results, each with its figure and commands. `make examples` trains the runs, draws the "
        "figures and writes this page. Ids are those of the runs shown here; `memlab runs` and "
        "`memlab sweep list` print yours.\n\n"
    )
    PAGE.write_text(head + "\n".join(sections), "utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
