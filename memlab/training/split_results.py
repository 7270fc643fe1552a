"""Writes the results of an evaluation: measures of each split and the answer to each example."""

import csv
import io
import json
import math
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from memlab.record import files
from memlab.record.events import Evaluated
from memlab.training.answers import Question, ask, questions_of
from memlab.training.trained_model import TrainedModel

BATCH_SIZE = 1024
"""examples that are generated at once"""
HEADER = ("prompt", "target", "answer", "correct", "task")


def write_split_results(
    trained: TrainedModel, evaluated: Evaluated, splits: Sequence[str], folder: Path
) -> list[Path]:
    """Write `SPLIT.json` and `SPLIT.csv` of each split; existing files are replaced.

    `SPLIT.json` has step, number of examples, measures without the name of the split, and the same
    measures per task of a mixture; a non-finite measure is null. `SPLIT.csv` has one row per
    example: prompt, target, greedy answer, whether they are equal, task. Returns the paths.
    """
    files.make_folder(folder)
    written = []
    for split in splits:
        measures = json.dumps(_measures(trained, evaluated, split), indent=2, allow_nan=False)
        text = io.StringIO(newline="")
        csv.writer(text, lineterminator="\n").writerows([HEADER, *_rows(trained, split)])
        for suffix, content in (("json", measures + "\n"), ("csv", text.getvalue())):
            path = folder / f"{split}.{suffix}"
            files.replace(path, content.encode())
            written.append(path)
    return written


def _measures(trained: TrainedModel, evaluated: Evaluated, split: str) -> dict[str, Any]:
    def own(values: dict[str, float]) -> dict[str, float | None]:
        prefix = f"{split}_"
        return {
            name.removeprefix(prefix): value if math.isfinite(value) else None
            for name, value in values.items()
            if name.startswith(prefix)
        }

    tasks = {task: own(values) for task, values in evaluated.groups.items()}
    return {
        "split": split,
        "step": trained.step,
        "examples": len(trained.run_data.dataset.splits[split]),
        **own(evaluated.values),
        "tasks": {task: values for task, values in tasks.items() if values},
    }


def _rows(trained: TrainedModel, split: str) -> Iterator[tuple[str, str, str, int, str]]:
    dataset = trained.run_data.dataset
    examples, decode = dataset.splits[split], dataset.vocabulary.decode
    questions: list[Question] = questions_of(dataset, split, len(examples))
    for start in range(0, len(questions), BATCH_SIZE):
        part = questions[start : start + BATCH_SIZE]
        for i, (question, answer) in enumerate(
            zip(part, ask(trained.model, dataset, part), strict=True), start
        ):
            right = answer.tokens == question.target
            task = dataset.groups[int(examples.group[i])]
            texts = (decode(question.prompt), decode(question.target), decode(answer.tokens))
            yield *texts, int(right), task
