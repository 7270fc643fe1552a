"""`memlab measure`: lists the measures, or computes them from a run's checkpoints."""

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from memlab.cli.options import Device, Json, RunsFolder

if TYPE_CHECKING:
    from memlab.record.measure import Measure
    from memlab.training.measure_run import MeasuredRun


def measure(
    run: Annotated[
        str | None, typer.Argument(metavar="RUN", help="Run to measure; omit to list the measures.")
    ] = None,
    names: Annotated[
        list[str] | None, typer.Argument(metavar="NAME", help="Measures to compute.")
    ] = None,
    at: Annotated[
        str | None,
        typer.Option(
            metavar="STEPS",
            help="Steps: 100,200 or FIRST:LAST:EVERY. Default: the steps of all checkpoints.",
        ),
    ] = None,
    keys: Annotated[
        str | None,
        typer.Option(
            metavar="K,...", help="Key frequencies. Default: those of the last checkpoint."
        ),
    ] = None,
    device: Device = "auto",
    json: Json = False,
    runs: RunsFolder = None,
) -> None:
    """List the measures, or compute measures of a run.

    Steps without a checkpoint are recomputed, and the recomputed rows must equal the recorded ones.
    Values are stored in the run's `derived/` folder and can be plotted like any other measure.
    """
    from memlab.cli.output import print_json, stderr
    from memlab.errors import MemlabError
    from memlab.record.runs import find, runs_folder

    if run is None:
        _list(json)
        return
    if not names:
        raise MemlabError("no measure is given", hint="`memlab measure` lists them")
    from memlab.training.measure_run import measure_run
    from memlab.training.models_at import ModelsAt

    folder = find(runs_folder(runs), run)
    steps = None if at is None else _steps(at)
    key_frequencies = None if keys is None else tuple(_numbers(keys, "--keys"))

    def report(line: str) -> None:
        stderr().print(line, markup=False)

    measured = measure_run(ModelsAt(folder, device, report), names, steps, key_frequencies)
    if json:
        values = [{"step": step, "values": values} for step, values in measured.values.items()]
        print_json(
            {
                "run": folder.id,
                "keys": list(measured.keys),
                "undefined": measured.undefined,
                "steps": values,
            }
        )
    else:
        _show(measured)


def _all_measures() -> "dict[str, list[Measure]]":
    """All measures, grouped by how they are computed."""
    from memlab.claims.claim_measures import EVENT_MEASURES
    from memlab.measures import declared, model_measures
    from memlab.record.measure import COLUMN_MEASURES
    from memlab.tasks import kinds

    columns = {m.name: m for m in COLUMN_MEASURES}
    scores = {m.name: m for kind in kinds().values() for m in kind.scores}
    of_models = model_measures()
    evaluated = [m for m in declared() if m.name not in of_models and m.name not in columns]
    return {
        "update": list(columns.values()),
        "evaluation": [*evaluated, *scores.values()],
        "events": [measure.declared for measure in EVENT_MEASURES.values()],
        "checkpoint": [m.declared for m in of_models.values()],
    }


def _list(as_json: bool) -> None:
    from memlab.cli.output import print_json, stdout, table

    by_origin = _all_measures()
    if as_json:
        print_json(
            {"measures": [{**asdict(m), "from": k} for k, ms in by_origin.items() for m in ms]}
        )
        return
    rows = [[m.name, m.unit, k, m.meaning] for k, ms in by_origin.items() for m in ms]
    stdout().print(table(["measure", "unit", "from", "meaning"], rows))


def _show(measured: "MeasuredRun") -> None:
    from memlab.cli.output import number, stderr, stdout, table

    steps = list(measured.values)
    names = dict.fromkeys(name for values in measured.values.values() for name in values)
    rows = [[name, *(number(measured.values[s].get(name)) for s in steps)] for name in names]
    headers = [f"{step:,}" for step in steps]
    if rows:
        stdout().print(table(["measure", *headers], rows, headers))
    if measured.keys:
        stderr().print(f"key frequencies: {', '.join(map(str, measured.keys))}")
    for name in measured.undefined:
        stderr().print(f"{name}: not defined for this run", markup=False)


def _steps(text: str) -> list[int]:
    """Steps from "100,200" or "0:2000:100", both ends included."""
    from memlab.errors import MemlabError

    if ":" not in text:
        return _numbers(text, "--at")
    parts = text.split(":")
    if len(parts) != 3 or not all(part.isdecimal() for part in parts) or int(parts[2]) == 0:
        raise MemlabError(
            "not a range of steps", where="--at", found=text, allowed="like 0:2000:100"
        )
    first, last, every = map(int, parts)
    return list(range(first, last + 1, every))


def _numbers(text: str, where: str) -> list[int]:
    from memlab.errors import MemlabError

    try:
        return [int(part) for part in text.split(",")]
    except ValueError:
        raise MemlabError(
            "not a list of numbers", where=where, found=text, allowed="like 100,200"
        ) from None
