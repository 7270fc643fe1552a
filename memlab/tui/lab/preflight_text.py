"""The preflight report as text: problems, facts, findings, changes, description, claims."""

from collections.abc import Iterable
from itertools import zip_longest

from textual.content import Content

from memlab.claims.verdicts import statement
from memlab.errors import MemlabError
from memlab.preset.check import Report
from memlab.preset.findings import PresetFinding
from memlab.tui.duration import duration
from memlab.tui.lab.draft import Draft
from memlab.tui.lab.sweep_report import SweepReport
from memlab.tui.safe_content import safe

SIGNS = {
    "error": ("✗", "$text-error"),
    "warning": ("⚠", "$text-warning"),
    "info": ("·", "$foreground"),
}
Part = Content | list[tuple[str, str]]
"""text, or facts as names and values, whose layout depends on the width"""


def report_parts(
    draft: Draft,
    result: Report | SweepReport | MemlabError | None,
    seconds: float | None,
    note: str,
) -> list[Part]:
    """The parts of the report, from top to bottom.

    Args:
        result: of the checks; None = not checked yet.
        seconds: time of one update, or of all members of a sweep.
        note: text shown instead of the time.
    """
    parts: list[Part] = [_problems(draft)]
    if isinstance(result, Report) and not draft.problems:
        parts += [_facts(result, seconds, note), _findings(result)]
    elif isinstance(result, SweepReport) and not draft.problems:
        parts += [result.facts(seconds, note), _findings(result.first)]
    elif isinstance(result, MemlabError):
        parts.append(safe(f"✗ {result}", 600, lines=True, style="$text-error"))
    parts += [_differences(draft), _about(draft), _claims(draft)]
    return [part for part in parts if part]


def in_columns(facts: list[tuple[str, str]], width: int) -> Content:
    """Names and values, in as many columns as fit."""
    cells = [Content.assemble((f"{name:12}", "dim"), safe(value)) for name, value in facts]
    for n in (4, 3, 2, 1):
        height = -(-len(cells) // n)
        columns = [cells[i : i + height] for i in range(0, len(cells), height)]
        widths = [max(cell.cell_length for cell in column) + 3 for column in columns]
        if sum(widths) <= width:
            break
    rows = zip_longest(*columns, fillvalue=Content(""))
    return Content("\n").join([_row(row, widths) for row in rows])


def _row(cells: Iterable[Content], widths: Iterable[int]) -> Content:
    padded = [c.pad_right(n - c.cell_length) for c, n in zip(cells, widths, strict=True)]
    return Content("").join(padded)


def _problems(draft: Draft) -> Content:
    messages = [str(problem).removeprefix(f"{key}: ") for key, problem in draft.problems.items()]
    lines = [safe(f"✗ {text}", 600, lines=True, style="$text-error") for text in messages]
    return Content("\n").join(lines)


def _facts(report: Report, seconds: float | None, note: str) -> list[tuple[str, str]]:
    facts = report.facts
    splits = ", ".join(f"{name} {len(s):,}" for name, s in facts.dataset.splits.items())
    time = note or ("press m to estimate" if seconds is None else duration(seconds * facts.updates))
    return [
        ("parameters", f"{facts.parameters:,}"),
        ("examples", splits),
        ("updates", f"{facts.updates:,} × {facts.batch_size:,} examples"),
        ("epochs", f"{facts.updates / facts.updates_per_epoch:,.0f}"),
        ("evaluations", f"{facts.evaluations:,}"),
        ("chance loss", f"{facts.chance_loss:.3f} nats"),
        ("memory", f"up to {facts.memory_bytes / 2**20:,.0f} MiB"),
        ("time", time),
    ]


def _findings(report: Report) -> Content:
    if not report.findings:
        return Content.styled("✓ no findings", "$text-success")
    return Content("\n").join([_finding(finding) for finding in report.findings])


def _finding(finding: PresetFinding) -> Content:
    sign, colour = SIGNS[finding.level]
    return Content.assemble(
        (f"{sign} ", colour),
        safe(finding.what, 300, style=f"bold {colour}"),
        "\n  ",
        safe(finding.why, 300),
        "\n  ",
        safe(f"try {finding.advice}", 300, style="dim"),
    )


def _about(draft: Draft) -> Content:
    about = draft.text("about")
    return (
        Content.assemble(("about\n", "bold"), safe(about, 1000)) if about.strip() else Content("")
    )


def _claims(draft: Draft) -> Content:
    if not draft.base.claims:
        return Content("")
    lines = [safe(f"· {statement(claim)}", 200) for claim in draft.base.claims]
    return Content("\n").join([Content.styled("claims", "bold"), *lines])


def _differences(draft: Draft) -> Content:
    if not draft.differences:
        return Content.styled("no changes", "dim")
    lines = [Content.styled("changes", "bold")]
    for key, (before, after) in draft.differences.items():
        lines.append(
            Content.assemble("● ", safe(key), " ", safe(f"{before} → {after}", style="bold"))
        )
    return Content("\n").join(lines)
