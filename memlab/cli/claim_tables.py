"""Verdicts on claims as tables for a terminal, or as a page of Markdown."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

from rich.text import Text

from memlab.cli.output import number, stdout, table
from memlab.preset.error_text import shown
from memlab.record.safe_text import safe_text

Report = dict[str, Any]
SIGNS = {"met": "met", "not met": "NOT MET", "open": "open"}
HEADERS = ("", "claim", "measured", "reported", "source")
TITLE = """\
# Claims

Each preset states what it should show, with the source of the statement. This page was made by

    memlab verify --markdown {presets}

Every preset below was trained, and its claims are compared with the results. *Reported* is the
value that the source gives; where memlab measures something else, the claim states what memlab measures. A claim about the end uses
the median of the last five evaluations. {versions}
"""


def print_tables(reports: Sequence[Report]) -> None:
    """Print one table per run, then the number of claims that are met."""
    console = stdout()
    for report in reports:
        console.print(Text(_title(report), style="bold"))
        if note := _changed(report):
            console.print(Text(note, style="yellow"))
        console.print(table(HEADERS, [_cells(claim) for claim in report["claims"]]))
        console.print()
    console.print(Text(_count(reports)))


def to_markdown(reports: Sequence[Report]) -> str:
    """A Markdown page: the trained presets, a table for each, and the number of claims that are met."""
    presets = " ".join(dict.fromkeys(report["preset"] for report in reports))
    made_with = dict.fromkeys(
        ", ".join(f"{name} {version}" for name, version in report["versions"].items())
        for report in reports
    )
    versions = "Made with " + "; ".join(made_with) + "."
    parts = [TITLE.format(presets=presets, versions=versions), _count(reports) + "\n"]
    for report in reports:
        rows = [HEADERS, ("---",) * len(HEADERS), *(_cells(c) for c in report["claims"])]
        parts += [
            f"## {report['preset']}\n",
            f"{safe_text(report['about'], limit=2000)}\n",
            f"{_title(report)}\n",
            *([f"{note}\n"] if (note := _changed(report)) else ()),
            "".join("| " + " | ".join(map(_escaped, row)) + " |\n" for row in rows),
        ]
    return "\n".join(parts)


def _title(report: Report) -> str:
    if "sweep" in report:
        members = report["members"]
        return safe_text(
            f"{report['preset']} ({report['sweep']}): {report['status']}, "
            f"{members['finished']:,} of {members['total']:,} members finished"
        )
    return safe_text(
        f"{report['preset']}, seed {report['seed']}: {report['status']} at step "
        f"{report['step']:,} of {report['steps']:,} on {report['device']}"
    )


def _changed(report: Report) -> str:
    """Settings that differ from the preset for which the claims were written."""
    changes = [
        f"{key}={shown(values['run'])} (preset: {shown(values['preset'])})"
        for key, values in report["settings_changed"].items()
    ]
    note = f"The claims are those of the preset; the run differs in {', '.join(changes)}."
    return safe_text(note, limit=1000) if changes else ""


def _cells(claim: dict[str, Any]) -> tuple[str, ...]:
    return (
        SIGNS[claim["status"]],
        claim["claim"],
        _measured(claim),
        claim["reported"] or "-",
        claim["source"],
    )


def _measured(claim: dict[str, Any]) -> str:
    value = claim["measured"]
    is_answer = isinstance(value, str) and claim["claim"].startswith("completes")
    text = repr(value) if is_answer else value if isinstance(value, str) else number(value)
    return text if claim["at_step"] is None else f"{text} at step {claim['at_step']:,}"


def _count(reports: Sequence[Report]) -> str:
    counts = Counter(claim["status"] for report in reports for claim in report["claims"])
    return ", ".join(f"{counts[status]} {status}" for status in SIGNS) + "."


def _escaped(cell: str) -> str:
    return safe_text(cell, limit=1000).replace("|", "\\|")
