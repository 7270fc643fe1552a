"""`memlab eval`: evaluates a checkpoint."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from memlab.cli.options import Checkpoint, Device, Json, RunName, RunsFolder


def evaluate_checkpoint(
    run: RunName,
    at: Checkpoint = "last",
    split: Annotated[
        str | None, typer.Option(metavar="train|val|test|ood", help="One split. Default: all.")
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option(
            "-o",
            "--output",
            metavar="DIR",
            help="Also write the results of each split to this folder: measures as JSON, answers as CSV.",
        ),
    ] = None,
    device: Device = "auto",
    json: Json = False,
    runs: RunsFolder = None,
) -> None:
    """Evaluate a checkpoint: losses and accuracies of each split."""
    from memlab.cli.output import number, print_json, stderr, stdout, table
    from memlab.errors import RunError
    from memlab.record.runs import find, runs_folder
    from memlab.training.evaluate import evaluate
    from memlab.training.split_results import write_split_results
    from memlab.training.trained_model import load_model

    trained = load_model(find(runs_folder(runs), run), at, device)
    non_empty = [name for name, split_ in trained.run_data.dataset.splits.items() if len(split_)]
    names = wanted_splits(split, non_empty)
    if not names:
        raise RunError("unknown split", found=split, allowed=", ".join(non_empty))
    eval_split = evaluate(trained.model, trained.run_data, names, trained.step).event
    files = [] if output is None else write_split_results(trained, eval_split, names, output)
    if json:
        document = {
            "run": run,
            "step": trained.step,
            "values": eval_split.values,
            "groups": eval_split.groups,
        }
        paths = {} if output is None else {"files": [str(path) for path in files]}
        print_json(document | paths)
        return
    measures = ("loss", "accuracy", "token_accuracy")
    rows = [
        [name, group, *(number(values.get(f"{name}_{m}")) for m in measures)]
        for name in names
        for group, values in [("", eval_split.values), *eval_split.groups.items()]
        if f"{name}_loss" in values
    ]
    stdout().print(table(["split", "task", "loss", "accuracy", "token accuracy"], rows))
    for path in files:
        stderr().print(str(path), markup=False)


def wanted_splits(split: str | None, non_empty: Sequence[str]) -> list[str]:
    """The splits that `--split` selects: all for None, every out-of-distribution set for ood."""
    if split == "ood":
        return [name for name in non_empty if name.startswith("ood")]
    return [name for name in non_empty if split in (None, name)]
