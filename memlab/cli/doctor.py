"""`memlab doctor`: verifies a run, or checks the installation."""

import os
import platform
import shutil
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from memlab.cli.options import Json, RunsFolder

REQUIRED = ("memlab", "torch", "numpy", "textual", "rich", "safetensors", "pydantic", "plotext")


def doctor(
    run: Annotated[
        str | None,
        typer.Argument(metavar="RUN", help="Run to verify; omit to check the installation."),
    ] = None,
    json: Json = False,
    runs: RunsFolder = None,
) -> None:
    """Verify all checksums of a run, or check the installation; changes nothing. Exit 3 on a problem."""
    from memlab.record.runs import find, runs_folder

    folder = runs_folder(runs)
    healthy = _check_run(find(folder, run), json) if run else _check_installation(folder, json)
    raise typer.Exit(0 if healthy else 3)


def _check_run(folder: Any, as_json: bool) -> bool:
    from dataclasses import asdict

    from memlab.cli.output import print_json, stdout, table
    from memlab.record.doctor import examine

    diagnosis = examine(folder)
    if as_json:
        print_json(
            {**asdict(diagnosis), "healthy": diagnosis.healthy, "status": str(folder.status())}
        )
        return diagnosis.healthy
    counts = "  ".join(f"{count:,} {kind}" for kind, count in diagnosis.verified.items())
    stdout().print(f"verified: {counts}", markup=False)
    if diagnosis.symptoms:
        rows = [(s.level, s.where, s.what) for s in diagnosis.symptoms]
        stdout().print(table(["", "where", "what"], rows))
    stdout().print("intact" if diagnosis.healthy else "DAMAGED: see the problems above")
    return diagnosis.healthy


def _check_installation(runs: Path, as_json: bool) -> bool:
    from memlab.cli.output import print_json, stdout, table

    facts = {"versions": _versions(), **_machine(), "terminal": _terminal(), "runs": _disk(runs)}
    problems = [f"{name} is not installed" for name, v in facts["versions"].items() if v is None]
    if not facts["runs"]["writable"]:
        problems.append(f"{runs} cannot be written to: use --runs or MEMLAB_RUNS")
    if as_json:
        print_json(facts | {"problems": problems, "healthy": not problems})
    else:
        rows = [line for name, value in facts.items() for line in _lines(name, value)]
        stdout().print(table(["", ""], [*rows, *(("problem", text) for text in problems)]))
    return not problems


def _versions() -> dict[str, str | None]:
    from importlib import metadata

    versions: dict[str, str | None] = {"python": platform.python_version()}
    for name in REQUIRED:
        try:
            versions[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            versions[name] = None
    return versions


def _machine() -> dict[str, Any]:
    import torch

    cuda = torch.cuda.is_available()
    return {
        "system": f"{platform.system()} {platform.machine()}",
        "device": torch.cuda.get_device_name() if cuda else "cpu",
        "threads": torch.get_num_threads(),
    }


def _terminal() -> dict[str, Any]:
    size = shutil.get_terminal_size()
    return {
        "interactive": sys.stdout.isatty(),
        "size": f"{size.columns}x{size.lines}",
        "type": os.environ.get("TERM"),
        "encoding": sys.stdout.encoding,
    }


def _disk(runs: Path) -> dict[str, Any]:
    """The folder of runs, or its nearest existing parent."""
    existing = next(path for path in (runs, *runs.absolute().parents) if path.is_dir())
    return {
        "path": str(runs),
        "writable": os.access(existing, os.W_OK | os.X_OK),
        "free_mib": shutil.disk_usage(existing).free >> 20,
    }


def _lines(name: str, value: Any) -> list[tuple[str, str]]:
    if isinstance(value, dict):
        return [(f"{name}: {key}", str(item)) for key, item in value.items()]
    return [(name, str(value))]
