"""`memlab data`: the examples of a preset as files for other programs."""

from pathlib import Path
from typing import Annotated

import typer

from memlab.cli.options import Json, Overrides, PresetName, Seed, with_seed


def data(
    preset: PresetName,
    out: Annotated[Path, typer.Option(metavar="DIR", help="Output folder; created if missing.")],
    overrides: Overrides = None,
    seed: Seed = None,
    format: Annotated[
        str, typer.Option(metavar="jsonl|llmc", help="JSON lines, or token shards of llm.c.")
    ] = "jsonl",
    json: Json = False,
) -> None:
    """Write the splits of a preset's data for other programs."""
    from memlab.cli.output import print_json, stdout
    from memlab.errors import MemlabError
    from memlab.preset.load import load
    from memlab.tasks.export import FORMATS, write_dataset

    if format not in FORMATS:
        raise MemlabError("unknown format", found=format, allowed=", ".join(FORMATS))
    resolved = load(preset, with_seed(overrides, seed))
    dataset = resolved.task.dataset(resolved.seeds)
    files = [str(path) for path in write_dataset(dataset, out, format)]
    if json:
        print_json({"preset": resolved.name, "files": files})
    else:
        stdout().print("\n".join(files), markup=False)
