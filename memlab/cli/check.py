"""`memlab check`: preflight checks of a preset, without training."""

from typing import Any

import typer

from memlab.cli.options import Json, Overrides, PresetName, Seed, with_seed


def check(
    preset: PresetName, overrides: Overrides = None, seed: Seed = None, json: Json = False
) -> None:
    """Show what a preset will train and report likely problems; exit 3 on an error."""
    from memlab.cli.output import print_json, stderr, stdout, table
    from memlab.preset.check import check_preset
    from memlab.preset.load import load
    from memlab.record.safe_text import safe_text

    report = check_preset(load(preset, with_seed(overrides, seed)))
    if json:
        print_json(report.to_json())
    else:
        stdout().print(table(["", ""], _lines(report.to_json())))
        for finding in report.findings:
            stderr().print(f"{finding.level}: {safe_text(finding.what, 400)}", markup=False)
            stderr().print(f"  why: {safe_text(finding.why, 400)}", markup=False)
            stderr().print(f"  try: {safe_text(finding.advice, 400)}", markup=False)
    if not report.passed:
        raise typer.Exit(3)


def _lines(report: dict[str, Any]) -> list[tuple[str, str]]:
    examples = "  ".join(f"{name} {count:,}" for name, count in report["examples"].items())
    return [
        ("preset", report["preset"]),
        ("parameters", f"{report['parameters']:,}"),
        ("examples", examples),
        ("updates", f"{report['updates']:,} ({report['updates_per_epoch']:,} per epoch)"),
        ("evaluations", f"{report['evaluations']:,}"),
        ("chance loss", f"{report['chance_loss']:.4f} nats"),
        ("irreducible loss", f"{report['irreducible_loss']:.4f} nats"),
        *_objective(report),
        ("memory", f"{report['memory_bytes'] / 2**20:,.0f} MiB (upper bound)"),
        ("disk", f"about {report['disk_bytes'] / 2**20:,.0f} MiB"),
    ]


def _objective(report: dict[str, Any]) -> list[tuple[str, str]]:
    """The lowest objective, where label smoothing raises it above the irreducible loss."""
    floor = report["objective_floor"]
    if floor == report["irreducible_loss"]:
        return []
    return [("floor of the objective", f"{floor:.4f} nats (label smoothing included)")]
