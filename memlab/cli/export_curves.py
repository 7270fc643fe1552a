"""`memlab export` for curves."""

from pathlib import Path

from memlab.record.folder import RunFolder


def export_curves(folder: RunFolder, to: str, output: Path | None, json: bool) -> None:
    """Write the curves of a run and print the paths."""
    from memlab.cli.output import print_json, stdout
    from memlab.formats import export

    path = export.export_curves(folder, to, output)
    if json:
        print_json({"run": folder.path.name, "format": to, "path": str(path)})
    else:
        stdout().print(str(path), markup=False, soft_wrap=True)
