"""The report of a sweep: grid, results over seeds, heatmaps, bands, failures."""

import shlex
from collections.abc import Mapping, Sequence
from typing import Any

from memlab.claims.sweep_verdicts import (
    events_of,
    judge_sweep,
    sweep_claims,
    sweep_statement,
)
from memlab.figures.report.page import Block, Code, Page, Text, section, table
from memlab.figures.report.run_page import picture
from memlab.figures.source import SweepSnapshot
from memlab.figures.sweep_grid import axis_name
from memlab.record.settings_diff import shown_setting
from memlab.sweeps.tables import Results

MEASURES = ("val_accuracy", "val_loss", "train_accuracy", "train_loss")
MAX_BANDS = 8
"""maximum number of cells whose bands are distinguishable in one figure"""


def sweep_page(sweep: SweepSnapshot, columns: int) -> Page:
    """Plan, results of cells over seeds, failures and reproduction of a sweep."""
    results = sweep.results()
    document = results.to_json()
    sections = [
        *section("Question and grid", *_grid(sweep, document)),
        *section("Results over seeds", *_cells(results, document)),
        *section("Paired differences", _paired(document)),
        *section(
            "Maps", picture("heatmap", sweep, columns), picture("phase-diagram", sweep, columns)
        ),
        *section("Steps to an event", *_steps_to(sweep, results, columns)),
        *section("Bands", *_bands(sweep, results, columns)),
        *section("Claims", _claims(sweep)),
        *section("Failures", _failures(document)),
        *section("How to reproduce", *_reproduction(sweep, document)),
    ]
    return Page(sweep.name, f"sweep {sweep.id}, {document['status']}", tuple(sections))


def _grid(sweep: SweepSnapshot, document: Mapping[str, Any]) -> list[Block | None]:
    axes = [
        [axis["key"], ", ".join(map(shown_setting, axis["values"]))] for axis in document["axes"]
    ]
    plan = sweep.sweep.plan
    rows = [["base preset", plan.base], *map(list, document["members"].items())]
    return [
        Text(document["about"]) if document["about"] else None,
        table(("axis", "values"), axes),
        table(("", "value"), rows),
    ]


def _cells(results: Results, document: Mapping[str, Any]) -> list[Block | None]:
    measures = [name for name in MEASURES if name in results.measures]
    rows: list[list[Any]] = []
    for cell, stored in zip(results.cells, document["cells"], strict=True):
        finals = [stored["final"].get(name) for name in measures]
        events = [str(cell.event(name)) for name in results.events]
        rows.append([cell.cell.label or "all", *events, *map(_final, finals)])
    headers = ("cell", *results.events, *(name.replace("_", " ") for name in measures))
    singles = [
        [cell.cell.label or "all", outcome.seed, outcome.state.state, outcome.state.step,
         *(crossing and crossing.step for crossing in outcome.events.values()),
         *(outcome.state.final.get(name) for name in measures)]
        for cell in results.cells for outcome in cell.outcomes
    ]  # fmt: skip
    single_headers = ("cell", "seed", "state", "step", *headers[1:])
    return [
        table(
            headers,
            rows,
            "Events: reached/seeds, median (range) in steps; values: mean ± s [min, max] (n)",
        ),
        *_footer(document["footer"]),
        _finals(results, document),
        table(single_headers, singles, "Single runs"),
    ]


def _finals(results: Results, document: Mapping[str, Any]) -> Block | None:
    """Final values of all cells, as numbers."""
    names = ("n", "mean", "std", "min", "max", "median", "geometric_mean", "geometric_std")
    rows = [
        [
            cell.cell.label or "all",
            measure.replace("_", " "),
            *(stored["final"][measure].get(name) for name in names),
        ]
        for cell, stored in zip(results.cells, document["cells"], strict=True)
        for measure in MEASURES
        if measure in stored["final"]
    ]
    headers = ("cell", "measure", "n", "mean", "s", "min", "max", "median", "geom. mean", "geom. s")
    return table(headers, rows, "Final values over seeds")


def _final(values: Mapping[str, Any] | None) -> str | None:
    """Mean, sample standard deviation, range and number of runs, as text."""
    if values is None or values["mean"] is None:
        return None
    spread = "" if values["std"] is None else f" ± {values['std']:.2g}"
    return (
        f"{values['mean']:.4g}{spread} [{values['min']:.4g}, {values['max']:.4g}] ({values['n']})"
    )


def _footer(footer: Mapping[str, Any]) -> list[Block | None]:
    rows = [
        [name.replace("_", " "), _joined(value)]
        for name, value in footer.items()
        if value not in ([], {}, None)
    ]
    return [
        table(("", "value"), rows),
        Text(
            "s is the sample standard deviation over runs (ddof 1). Medians of steps are "
            "Kaplan-Meier estimates: runs that did not reach the event are censored at their last "
            "step. Final values are those of finished members."
        ),
    ]


def _joined(value: Any) -> Any:
    if isinstance(value, Mapping):
        return "; ".join(f"{key}: {shown_setting(item)}" for key, item in value.items())
    return ", ".join(map(shown_setting, value)) if isinstance(value, list) else value


def _paired(document: Mapping[str, Any]) -> Block | None:
    rows = [
        [p["measure"].replace("_", " "), f"{axis_name(p['axis'])}: {shown_setting(p['from'])} to {shown_setting(p['to'])}",
         ", ".join(f"{axis_name(key)}={shown_setting(at)}" for key, at in p["settings"].items()),
         p["n"], p["mean"], p["std"], p["min"], p["max"], p["p"]]
        for p in document["paired"] if p["measure"] in MEASURES
    ]  # fmt: skip
    headers = ("measure", "step along", "at", "pairs", "mean", "s", "min", "max", "p")
    caption = "Second minus first over the seeds of both; no p for fewer than 4 pairs"
    return table(headers, rows, caption)


def _steps_to(sweep: SweepSnapshot, results: Results, columns: int) -> list[Block | None]:
    reached = [n for n in results.events if any(cell.event(n).reached for cell in results.cells)]
    return [picture("steps-to", sweep, columns, measure=name) for name in reached]


def _bands(sweep: SweepSnapshot, results: Results, columns: int) -> list[Block | None]:
    if len(results.cells) > MAX_BANDS:
        return []
    return [picture("bands", sweep, columns)]


def _claims(sweep: SweepSnapshot) -> Block | None:
    """Claims about cells and the measured values."""
    claims = sweep_claims(sweep.sweep)
    verdicts = judge_sweep(claims, sweep.results(*events_of(claims)))
    rows = [
        [v.status, sweep_statement(v.claim), v.measured, v.claim.reported, v.claim.source]
        for v in verdicts
    ]
    return table(("", "claim", "measured", "reported", "source"), rows)


def _failures(document: Mapping[str, Any]) -> Block | None:
    rows = [[f["run"], f["cell"], f["seed"], f["reason"]] for f in document["failed"]]
    return table(("run", "cell", "seed", "reason"), rows)


def _reproduction(sweep: SweepSnapshot, document: Mapping[str, Any]) -> list[Block | None]:
    runs: Sequence[Sequence[Any]] = [
        [cell.cell.label or "all", outcome.seed, outcome.state.member.run]
        for cell in sweep.results().cells
        for outcome in cell.outcomes
    ]
    folder = sweep.sweep.path
    file = shlex.quote(str(folder.relative_to(folder.parents[2]) / "sweep.yaml"))
    return [
        Code(f"memlab sweep run {file}\nmemlab sweep show {sweep.id} --json"),
        table(
            ("", "versions"), [["trained with", text] for text in document["footer"]["versions"]]
        ),
        table(("cell", "seed", "run"), runs),
    ]
