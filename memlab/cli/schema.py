"""`memlab schema`: JSON Schemas of files, events and outputs."""

from collections.abc import Callable
from functools import partial
from typing import Annotated, Any

import typer

from memlab.cli.options import Json

FILES = {
    "preset": "a preset file, as in presets/*.yaml",
    "sweep": "a sweep file, as in presets/sweeps/*.yaml",
    "event": "a line of events.jsonl, without its CRC",
}


def schema(
    name: Annotated[
        str | None,
        typer.Argument(
            metavar="NAME",
            help="preset, sweep, event, or a command, such as show; omit to list all.",
        ),
    ] = None,
    json: Json = False,
) -> None:
    """Print a JSON Schema (draft 2020-12) of a file, or of a command's --json output."""
    from memlab.cli.output import print_json, stdout, table
    from memlab.cli.schemas.outputs import OUTPUTS

    if name is not None:
        print_json(named_schema(name))
        return
    rows = {**FILES, **{command: f"memlab {command} --json" for command in OUTPUTS}}
    if json:
        print_json([{"name": key, "about": about} for key, about in rows.items()])
    else:
        stdout().print(table(["name", "describes"], list(rows.items())))


def named_schema(name: str) -> dict[str, Any]:
    """The schema of that name.

    Raises:
        MemlabError: there is none.
    """
    from memlab.cli.schemas.outputs import EVENT, OUTPUTS
    from memlab.cli.schemas.shape import DRAFT, schema_of
    from memlab.errors import MemlabError, nearest
    from memlab.preset.json_schema import preset_schema
    from memlab.sweeps.schema import SweepFile

    schemas: dict[str, Callable[[], dict[str, Any]]] = {
        "preset": preset_schema,
        "sweep": SweepFile.model_json_schema,
        "event": partial(schema_of, EVENT),
        **{command: partial(schema_of, shape) for command, shape in OUTPUTS.items()},
    }
    if name not in schemas:
        raise MemlabError(
            "unknown schema", where=name, allowed=", ".join(schemas), hint=nearest(name, schemas)
        )
    return {"$schema": DRAFT, **schemas[name](), "title": f"memlab {name}"}
