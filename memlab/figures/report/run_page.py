"""The report of one run."""

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, final

from memlab.claims.verdicts import Verdict, statement
from memlab.detectors.curve import recorded_spikes, spike_stats_of
from memlab.errors import MemlabError
from memlab.figures.kind import kind_of
from memlab.figures.make import plot_command
from memlab.figures.report.page import Block, Code, Page, Picture, Text, section, table
from memlab.figures.source import FigureOptions, RunSource
from memlab.preset import load
from memlab.record.events import Evaluated
from memlab.record.explanation import read_explanations
from memlab.record.measure import SPLITS
from memlab.record.phase_text import phase_text
from memlab.record.settings_diff import shown_setting
from memlab.record.summary import RunSummary, flat_settings, settings, summarize

NO_OOD = "The task has no out-of-distribution examples."
MAX_SPIKES = 50
"""maximum number of rows in the table of spikes"""


@final
@dataclass(frozen=True)
class ModelResults:
    """Results that need the trained model; the command line computes them."""

    verdicts: tuple[Verdict, ...] = ()
    ood: Mapping[str, Mapping[str, float]] | None = None
    """split to measure to value, at the last checkpoint; None = not computed"""


def run_page(run: RunSource, of_model: ModelResults, columns: int) -> Page:
    """Settings, results and reproduction of one run.

    Args:
        run: the run.
        of_model: results of its trained model.
        columns: width of figures in pixels.
    """
    summary = summarize(run.folder, run.history)
    title = f"{run.name}"
    subtitle = f"run {run.id}, preset {run.preset}, {summary.status}"
    sections = [
        *section("Summary", *_summary(run, summary)),
        *section("Curves", picture("curves", [run], columns)),
        *section("Events", *_events(run, summary)),
        *section("Spikes", *_spikes(run, summary, columns)),
        *section("Spikes explained", *_explanations(run, columns)),
        *section("Samples", *_samples(run, columns)),
        *section("Examples", *_examples(run, summary, columns)),
        *section("Splits and groups", *_splits(run, summary)),
        *section("Out of distribution", ood_table(of_model.ood)),
        *section("Claims", verdict_table(of_model.verdicts)),
        *section("Settings", *_settings(run)),
        *section("How to reproduce", *reproduction(run, summary)),
    ]
    return Page(title, subtitle, tuple(sections))


def picture(kind: str, sources: Any, columns: int, **options: Any) -> Picture | None:
    """A figure; None if the sources have no data for it."""
    try:
        data = kind_of(kind).make(sources, FigureOptions(columns=columns, **options))
    except MemlabError:
        return None
    return Picture(data, plot_command(data.runs, kind, options, "web"))


def _summary(run: RunSource, summary: RunSummary) -> list[Block | None]:
    labels = run.folder.labels()
    about = str(run.folder.description.get("preset", {}).get("about", ""))
    keys = (
        "step", "steps", "seed", "parameters", "device", "engine", "engine_reason", "seconds",
        "steps_per_second", "attempts", "damaged",
    )  # fmt: skip
    rows = [[key.replace("_", " "), getattr(summary, key)] for key in keys]
    rows += [
        [name.replace("_", " "), interval(getattr(summary, name))]
        for name in ("memorized_at", "grokked_at")
    ]
    return [
        Text(about) if about else None,
        Text(f"Note: {labels.note}") if labels.note else None,
        Text(f"Tags: {', '.join(labels.tags)}") if labels.tags else None,
        table(("", "value"), rows),
        split_table(summary.final, "Last evaluation"),
        _best(summary.best),
    ]


def interval(crossing: Mapping[str, Any] | None) -> str | None:
    """The steps of the evaluations between which a threshold was crossed, as text."""
    return None if crossing is None else f"steps {crossing['from']:,} to {crossing['to']:,}"


def split_table(values: Mapping[str, float], caption: str) -> Block | None:
    """One row per split, then one row per value without a split."""
    splits = [split for split in SPLITS if f"{split}_loss" in values]
    names = list(
        dict.fromkeys(
            key.removeprefix(f"{s}_") for s in splits for key in values if key.startswith(f"{s}_")
        )
    )
    rows: list[list[Any]] = [[s, *(values.get(f"{s}_{name}") for name in names)] for s in splits]
    used = {f"{s}_{name}" for s in splits for name in names}
    rows += [
        [key.replace("_", " "), value, *[""] * (len(names) - 1)]
        for key, value in values.items()
        if key not in used
    ]
    return table(("split", *(name.replace("_", " ") for name in names)), rows, caption)


def _best(best: Mapping[str, float] | None) -> Block | None:
    if best is None:
        return None
    values = {key: value for key, value in best.items() if key != "step"}
    return split_table(values, f"Evaluation with the lowest loss, at step {int(best['step']):,}")


def _events(run: RunSource, summary: RunSummary) -> list[Block | None]:
    phases = [
        [p.name, p.after, p.step, phase_text(p.name, p.split, p.threshold, p.details)]
        for p in summary.phases
    ]  # fmt: skip
    findings = [[f.step, f.level, f.what, f.why, f.advice] for f in summary.findings]
    edits = [
        [edit.step, key, shown_setting(value)]
        for edit in summary.edits
        for key, value in edit.changes.items()
    ]
    attempts = [
        [a.number, a.info.get("resumed_from"), a.info.get("device"), a.info.get("threads"),
         (a.end or {}).get("reason", "no end recorded"), (a.end or {}).get("step")]
        for a in run.folder.attempts()
    ]  # fmt: skip
    verified = summary.resume_verified
    return [
        table(("phase", "after step", "by step", "description"), phases, "Phases"),
        table(("step", "level", "finding", "reason", "advice"), findings, "Findings"),
        table(("step", "setting", "new value"), edits, "Edits during training"),
        table(("attempt", "resumed from", "device", "threads", "end", "at step"), attempts, "Attempts"),
        None if verified is None else Text(
            f"Resume verified: {verified['steps']:,} steps were computed twice; first difference: "
            f"{'none' if verified['first_difference'] is None else verified['first_difference']}."
        ),
    ]  # fmt: skip


def _spikes(run: RunSource, summary: RunSummary, columns: int) -> list[Block | None]:
    spikes = summary.spikes
    if not spikes:
        return []
    stats = spike_stats_of(recorded_spikes(run.now))
    rows = [
        [s.onset, s.base, s.peak, s.peak_step, s.recovered_at, s.label] for s in spikes[:MAX_SPIKES]
    ]
    headers = ("onset", "base", "peak", "peak at step", "recovered at", "kind")
    more = f" (first {MAX_SPIKES})" if len(spikes) > MAX_SPIKES else ""
    tally: list[list[Any]] = [["spikes", stats.n], ["per 1,000 steps", stats.per_1000_steps],
             ["median height (decades)", stats.height], ["median recovery (steps)", stats.recovery],
             ["period (steps)", stats.period]]  # fmt: skip
    return [
        table(("", "value"), tally),
        table(headers, rows, f"Spikes of the loss{more}"),
        picture("spike", [run], columns),
    ]


def _explanations(run: RunSource, columns: int) -> list[Block | None]:
    """The stored results of `memlab explain` for each spike."""
    numbers = {spike.onset: i for i, spike in enumerate(run.now.closed_spikes, start=1)}
    headers = ("change", "kind", "effect", "peak", "peak at step")
    blocks: list[Block | None] = []
    for explanation in read_explanations(run.folder):
        if explanation.onset not in numbers:
            continue
        rows = [
            [tried.name, tried.kind, tried.effect, tried.peak, tried.peak_step]
            for tried in explanation.changes
        ]
        blocks += [
            table(headers, rows, f"Spike at step {explanation.onset:,}, recomputed with changes"),
            Text(explanation.sentence),
            picture("explanation", [run], columns, spike=numbers[explanation.onset]),
        ]
    return blocks


def _samples(run: RunSource, columns: int) -> list[Block | None]:
    recorded_samples = run.now.samples
    rows = [
        [raw.get("split"), raw.get("prompt"), raw.get("target"), raw.get("answer")]
        for raw in (recorded_samples[-1].samples if recorded_samples else ())
        if isinstance(raw, dict)
    ]
    headers = ("split", "prompt", "target", "answer")
    return [picture("samples", [run], columns), table(headers, rows, "Last answers")]


def _examples(run: RunSource, summary: RunSummary, columns: int) -> list[Block | None]:
    learned = summary.learned
    if learned is None:
        return []
    keys = ("examples", "median", "never", "forgotten")
    names = ("training examples", "median step of the first correct answer", "never correct",
             "forgotten later")  # fmt: skip
    rows = [[name, getattr(learned, key)] for name, key in zip(names, keys, strict=True)]
    return [table(("", "value"), rows), picture("first-learned", [run], columns)]


def _splits(run: RunSource, summary: RunSummary) -> list[Block | None]:
    check = run.folder.description.get("check", {})
    sizes = [[name, count] for name, count in check.get("examples", {}).items()]
    evaluated = run.now.of(Evaluated)
    groups = evaluated[-1].groups if evaluated else {}
    names = list(dict.fromkeys(name for values in groups.values() for name in values))
    rows = [[group, *(values.get(name) for name in names)] for group, values in groups.items()]
    headers = ("group", *(name.replace("_", " ") for name in names))
    chance = check.get("chance_loss")
    return [
        table(("split", "examples"), sizes),
        None
        if chance is None
        else table(("", "nats"), [["loss of predicting token frequencies", chance]]),
        table(headers, rows, "Groups at the last evaluation"),
    ]


def ood_table(values: Mapping[str, Mapping[str, float]] | None, caption: str = "") -> Block | None:
    """One row per measure, one column per split."""
    if values is None:
        return None
    if not values:
        return Text(f"{caption}: {NO_OOD}".removeprefix(": "))
    names = dict.fromkeys(name for of_split in values.values() for name in of_split)
    rows = [
        [name.replace("_", " "), *(of_split.get(name) for of_split in values.values())]
        for name in names
    ]
    return table(("", *values), rows, caption)


def verdict_table(verdicts: Sequence[Verdict], caption: str = "") -> Block | None:
    """Claims and measured values."""
    rows = [
        [v.status, statement(v.claim), v.measured, v.step, v.claim.reported, v.claim.source]
        for v in verdicts
    ]
    return table(("", "claim", "measured", "at step", "reported", "source"), rows, caption)


def _settings(run: RunSource) -> list[Block | None]:
    of_run = settings(run.folder, run.now)
    try:
        of_preset = flat_settings(load.load(run.preset).model_dump(mode="json"))
    except MemlabError:
        different, note = [], f"There is no preset named {run.preset!r} to compare with."
    else:
        different = [
            [key, shown_setting(of_preset.get(key)), shown_setting(value)]
            for key, value in of_run.items()
            if of_preset.get(key) != value
        ]
        note = "" if different else f"All settings are those of the preset {run.preset!r}."
    rows = [[key, shown_setting(value)] for key, value in of_run.items()]
    headers = ("setting", "in the preset", "in this run")
    return [
        Text(note) if note else None,
        table(headers, different, "Different from the preset"),
        table(("setting", "value"), rows, "All settings"),
    ]


def reproduction(run: RunSource, summary: RunSummary) -> list[Block | None]:
    """Commands, versions, machine and hashes."""
    description = run.folder.description
    attempts = run.folder.attempts()
    threads = attempts[0].info.get("threads") if attempts else None
    hashes = [
        [f"attempts/{a.path.name}/{name}", value]
        for a in attempts
        for name, value in ((a.end or {}).get("sha256") or {}).items()
    ]
    environment = [
        *([f"{name} version", value] for name, value in description.get("versions", {}).items()),
        *([name, value] for name, value in description.get("machine", {}).items()),
        ["device", attempts[0].info.get("device_name") if attempts else None],
        ["threads", threads],
    ]
    return [
        Text("Equal settings, seed, versions, machine and number of threads give equal bits."),
        Code(_commands(run, summary)),
        table(("", "value"), environment),
        table(("", "SHA-256"), [
            ["final weights", summary.weights_sha256],
            ["preset.yaml", description.get("preset_sha256")],
            *hashes,
        ]),
    ]  # fmt: skip


def rerun_command(run: RunSource) -> str:
    """The command that repeats the run, for the parent folder of the runs folder."""
    runs = run.folder.path.absolute().parent.name
    return f"memlab run {shlex.quote(f'{runs}/{run.id}/preset.yaml')}"


def _commands(run: RunSource, summary: RunSummary) -> str:
    lines = [rerun_command(run)]
    lines += [
        f"# at step {edit.step:,}: memlab edit {run.id} "
        + shlex.join(f"{key}={shown_setting(value)}" for key, value in edit.changes.items())
        for edit in summary.edits
    ]
    return "\n".join([*lines, f"memlab verify {run.id}", f"memlab show {run.id} --json"])
