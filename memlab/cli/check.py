"""`memlab check`: what will be trained, and what looks wrong, before it costs an hour."""

import typer

from memlab.cli.options import Json, Overrides, PresetName


def check(preset: PresetName, overrides: Overrides = None, json: Json = False) -> None:
    """Tell what a preset will train and what looks wrong; exit 3 on an error."""
    from memlab.cli.output import data, print_json, table, talk
    from memlab.preset.check import check as inspect
    from memlab.preset.load import load
    from memlab.record.safe_text import safe_text

    report = inspect(load(preset, overrides or ()))
    if json:
        print_json(report.to_json())
    else:
        data().print(table(["", ""], report.lines()))
        for finding in report.findings:
            talk().print(f"{finding.level}: {safe_text(finding.what, 400)}", markup=False)
            talk().print(f"  why: {safe_text(finding.why, 400)}", markup=False)
            talk().print(f"  try: {safe_text(finding.advice, 400)}", markup=False)
    if any(finding.level == "error" for finding in report.findings):
        raise typer.Exit(3)
