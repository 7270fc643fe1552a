"""The report of several runs: differences in settings and results."""

from collections.abc import Sequence

from memlab.figures.kinds.overlay import unique_names
from memlab.figures.report.page import Block, Code, Page, section, table
from memlab.figures.report.run_page import (
    ModelResults,
    interval,
    ood_table,
    picture,
    rerun_command,
    verdict_table,
)
from memlab.figures.source import RunSource
from memlab.record.settings_diff import settings_diff, shown_setting
from memlab.record.summary import RunSummary, settings, summarize


def runs_page(runs: Sequence[RunSource], of_models: Sequence[ModelResults], columns: int) -> Page:
    """Settings and results of runs, one column per run."""
    labels = unique_names(runs)
    summaries = [summarize(run.folder, run.history) for run in runs]
    sections = [
        *section("Differences", _differences(runs, labels)),
        *section("Results", _results(summaries, labels), _phases(summaries, labels)),
        *section("Curves", picture("overlay", runs, columns), _train(runs, columns)),
        *section(
            "Claims",
            *(_claims(label, of) for label, of in zip(labels, of_models, strict=True)),
        ),
        *section(
            "Out of distribution",
            *(ood_table(of.ood, label) for label, of in zip(labels, of_models, strict=True)),
        ),
        *section("How to reproduce", *_reproduction(runs, summaries, labels)),
    ]
    ids = ", ".join(run.id for run in runs)
    return Page(" · ".join(labels), f"runs {ids}", tuple(sections))


def _differences(runs: Sequence[RunSource], labels: Sequence[str]) -> Block | None:
    all_settings = [settings(run.folder, run.now) for run in runs]
    keys = settings_diff((run.preset, of) for run, of in zip(runs, all_settings, strict=True))
    rows = [[key, *(shown_setting(of_run.get(key)) for of_run in all_settings)] for key in keys]
    rows = [["preset", *(run.preset for run in runs)], *rows]
    return table(("setting", *labels), rows)


def _results(summaries: Sequence[RunSummary], labels: Sequence[str]) -> Block | None:
    keys = ("status", "step", "steps", "seed", "parameters", "seconds")
    rows = [[key, *(getattr(summary, key) for summary in summaries)] for key in keys]
    measures = dict.fromkeys(name for summary in summaries for name in summary.final)
    rows += [
        [name.replace("_", " "), *(summary.final.get(name) for summary in summaries)]
        for name in measures
    ]
    rows.append(["spikes", *(len(summary.spikes) for summary in summaries)])
    return table(("", *labels), rows, "Last evaluation")


def _phases(summaries: Sequence[RunSummary], labels: Sequence[str]) -> Block | None:
    rows = [
        [name.removesuffix("_at"), *(interval(getattr(summary, name)) for summary in summaries)]
        for name in ("memorized_at", "grokked_at")
    ]
    return table(("", *labels), rows, "Steps of the evaluations before and after the event")


def _train(runs: Sequence[RunSource], columns: int) -> Block | None:
    is_known = all("train_loss" in run.now.evaluations for run in runs)
    return picture("overlay", runs, columns, measure="train_loss") if is_known else None


def _claims(label: str, of_model: ModelResults) -> Block | None:
    return verdict_table(of_model.verdicts, f"Claims of {label}")


def _reproduction(
    runs: Sequence[RunSource], summaries: Sequence[RunSummary], labels: Sequence[str]
) -> list[Block | None]:
    rows = [
        [label, run.id, summary.weights_sha256,
         ", ".join(f"{k} {v}" for k, v in run.folder.description.get("versions", {}).items())]
        for label, run, summary in zip(labels, runs, summaries, strict=True)
    ]  # fmt: skip
    commands = [rerun_command(run) for run in runs]
    return [
        Code("\n".join(commands)),
        table(("run", "id", "SHA-256 of the weights", "versions"), rows),
    ]
