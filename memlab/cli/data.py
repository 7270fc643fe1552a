"""`memlab data`: the examples of a preset as files for other programs."""

from pathlib import Path
from typing import Annotated

import typer

from memlab.cli.options import Overrides, PresetName


def data(
    preset: PresetName,
    overrides: Overrides = None,
    out: Annotated[
        Path, typer.Option(metavar="DIR", help="A folder, made if it is missing.")
    ] = ...,  # type: ignore[assignment]
    format: Annotated[str, typer.Option(metavar="jsonl|llmc")] = "jsonl",
) -> None:
    """Write the splits as JSON lines of prompt and answer, or as llm.c token shards."""
    from memlab.cli.output import data as stdout
    from memlab.errors import MemlabError
    from memlab.preset.load import load
    from memlab.tasks.export import FORMATS

    if format not in FORMATS:
        raise MemlabError("no such format", found=format, allowed=", ".join(FORMATS))
    resolved = load(preset, overrides or ())
    dataset = resolved.task.dataset(resolved.seeds)
    out.mkdir(parents=True, exist_ok=True)
    for path in FORMATS[format](dataset, out):
        stdout().print(str(path), markup=False)
