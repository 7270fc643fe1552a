"""The report at the end of a run: loss chart, samples, phases, spikes, next commands."""

import os
import shlex
from collections.abc import Mapping
from pathlib import Path

from rich.table import Table
from rich.text import Text

from memlab.charts import bars
from memlab.cli.event_text import phase_line, spike_stats_line
from memlab.cli.output import number, stderr, stdout, table
from memlab.cli.terminal_chart import print_chart, width
from memlab.detectors.curve import recorded_spikes, spike_stats_of
from memlab.detectors.evidence import READY
from memlab.record.example_history import LearnedExamples
from memlab.record.folder import RunFolder
from memlab.record.gap_text import gap_text
from memlab.record.history import History
from memlab.record.runs import reference
from memlab.record.safe_text import safe_text
from memlab.record.sample_text import spaced
from memlab.record.snapshot import Snapshot
from memlab.record.summary import RunSummary, summarize
from memlab.tui.live import curves
from memlab.tui.live.view_state import first_viewport, view_at_end

MAX_GAPS = 5
"""maximum number of listed gaps"""


def print_run_summary(folder: RunFolder, *, on_stdout: bool = False) -> None:
    console = stdout() if on_stdout else stderr()
    history = History(folder)
    summary = summarize(folder, history)
    run = history.until()
    view = view_at_end(folder, run, first_viewport(folder, run, x_log=True))
    if on_stdout:
        console.print(_heading(folder), markup=False)
    print_chart(console, curves.first(view, width()))
    if curves.has_objective(folder):
        print_chart(console, curves.objective(view, y_log=True, columns=width()))
    for line in _samples(history):
        console.print(line)
    console.print(_final_values(summary.final))
    for text in _lines(folder, summary, run):
        console.print(text, markup=False)
    for text in _damage(folder, history.damage):
        console.print(text, markup=False, soft_wrap=True)
    if on_stdout and summary.learned:
        for text in _learned(summary.learned, width()):
            console.print(text, markup=False, soft_wrap=True)
    for text in _next_commands(folder, summary):
        console.print(text, markup=False, soft_wrap=True)


def _heading(folder: RunFolder) -> str:
    """Name, preset, task and seed of the run, as far as it has them, and the name of its folder."""
    name, facts, preset = folder.labels().name, folder.facts, folder.description.get("preset", {})
    parts = [name] if name else []
    if facts.preset and facts.preset != name:
        parts.append(f"preset {facts.preset}")
    if "task" in preset:
        parts += [f"task {preset['task']['kind']}", f"seed {facts.seed}"]
    parts.append(folder.path.name)
    return safe_text(" · ".join(parts), limit=1000)


def _samples(history: History) -> list[Text]:
    """The newest samples, one line each: wrong tokens are underlined and coloured."""
    evaluations = history.until().samples
    lines = []
    for sample in evaluations[-1].samples if evaluations else ():
        right = all(token["ok"] for token in sample["tokens"])
        line = Text("ok    " if right else "wrong ", style="green" if right else "red")
        line.append(f"{sample['split']:<6}", style="dim")
        line.append(safe_text(sample["prompt"]) + " → ", style="dim")
        for before, token in spaced(sample["tokens"], sample["answer"]):
            style = "green" if token["ok"] else "red underline"
            line.append(before + safe_text(token["text"]), style=style)
        if not right:
            line.append(f"   target {safe_text(sample['target'])}", style="dim")
        lines.append(line)
    return lines


def _final_values(final: Mapping[str, float]) -> Table:
    """The last evaluation: one row per split, then the other measures."""
    splits = [name for name in ("train", "val", "test") if f"{name}_loss" in final]
    names = list(
        dict.fromkeys(
            key.removeprefix(f"{s}_") for s in splits for key in final if key.startswith(f"{s}_")
        )
    )
    names.sort(key=lambda name: name != "loss")
    rows = [[split, *(number(final.get(f"{split}_{name}")) for name in names)] for split in splits]
    rest = {key: value for key, value in final.items() if key.split("_")[0] not in splits}
    rows += [[key.replace("_", " "), number(value)] for key, value in rest.items()]
    headers = ["", *(name.replace("_", " ") for name in names)]
    return table(headers, rows, numbers=headers[1:])


def _lines(folder: RunFolder, summary: RunSummary, run: Snapshot) -> list[str]:
    lines = [_outcome(folder, summary)]
    lines += [phase_line(phase) for phase in summary.phases]
    if "loss" in run.steps.columns or not summary.step:
        spikes = spike_stats_line(spike_stats_of(recorded_spikes(run)))
        if 0 < summary.step < READY:
            lines.append(f"loss: spikes are detected from step {READY} on")
        else:
            lines.append(f"loss: {spikes}; memlab spikes {summary.run}")
    lines += [f"loss: {gap_text(gap)}" for gap in summary.gaps[:MAX_GAPS]]
    if (more := len(summary.gaps) - MAX_GAPS) > 0:
        lines.append(f"loss: {more:,} more gaps; memlab spikes {summary.run} --json")
    lines += [
        f"{finding.level}: {finding.what.rstrip('.')}. Try: {finding.advice}"
        for finding in summary.findings
    ]
    verified = summary.resume_verified
    if verified and not verified["steps"]:
        lines.append("resumed: no step was computed twice, nothing to verify")
    elif verified:
        is_equal = verified["first_difference"] is None
        lines.append(
            f"resume verified: {verified['steps']:,} steps computed twice, "
            + (
                "every bit equal"
                if is_equal
                else f"first difference at step {verified['first_difference']:,}"
            )
        )
    return [safe_text(line, limit=1000) for line in lines]


def _outcome(folder: RunFolder, summary: RunSummary) -> str:
    """Status, step, source, duration and size of the run, as far as known."""
    line = f"{summary.status} at step {summary.step:,}"
    if summary.steps:
        line += f" of {summary.steps:,}"
    if folder.source is not None:
        line += f", from {folder.source.get('path')} ({folder.source.get('format')})"
    if summary.seconds is not None:
        rate = number(summary.steps_per_second, 3)
        line += f" in {number(summary.seconds, 3)} s ({rate} steps/s)"
    if summary.parameters is not None:
        line += f", {summary.parameters:,} parameters"
    return line


def _next_commands(folder: RunFolder, summary: RunSummary) -> list[str]:
    """Commands that are useful after a run, ready to copy; at most 80 columns wide."""
    run, status = reference(folder), summary.status
    commands = {
        f"memlab replay {run}": "replay it",
        f"memlab plot {run}": "draw its curves",
    }
    if "preset" in folder.description:
        if summary.spikes:
            commands[f"memlab explain {run}"] = "why did it spike?"
        if folder.description["preset"].get("claims"):
            commands[f"memlab verify {run}"] = "check its claims"
        extended = f"memlab resume {run} training.steps={2 * summary.steps}"
        resumed = f"memlab resume {run}" if status not in ("finished", "running") else extended
        commands |= {f"memlab predict {run}": "query the model", resumed: "train it further"}
        plugins = _plugin_option(folder)
        commands = {command + plugins: purpose for command, purpose in commands.items()}
    else:
        commands[f"memlab export {run} --to csv"] = "export its curves"
    width = max(map(len, commands))
    return [
        safe_text(f"{command:<{width}}  # {purpose}", limit=1000)
        for command, purpose in commands.items()
    ]


def _plugin_option(folder: RunFolder) -> str:
    """The option that finds the run's task and measures again, where they are plugin files."""
    origins = [Path(plugin["origin"]) for plugin in folder.description.get("plugins", ())]
    files = [origin for origin in origins if origin.suffix == ".py"]
    return f" --plugins {shlex.quote(os.path.relpath(files[0].parent))}" if files else ""


def _damage(folder: RunFolder, damage: str) -> list[str]:
    """Damage of the record; damaged data are not in the report."""
    problems = [folder.problem(), damage]
    return [
        safe_text(f"{problem}; memlab doctor {reference(folder)}", limit=1000)
        for problem in problems
        if problem
    ]


def _learned(learned: LearnedExamples, width: int) -> list[str]:
    """When training examples were first learned: a summary line and a histogram."""
    line = f"of {learned.examples:,} training examples, {learned.never:,} were never learned"
    if learned.median is not None:
        line += (
            f"; median first learned: step {learned.median:,.0f}; "
            f"forgotten at least once: {learned.forgotten:,}"
        )
    counts = [(f"{bin['after']:,} to {bin['to']:,}", bin["examples"]) for bin in learned.histogram]
    return [line, *bars(counts, width)]
