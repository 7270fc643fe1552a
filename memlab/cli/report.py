"""`memlab report`: writes a page about a run, several runs or a sweep."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from memlab.cli.options import Device, Json, RunsFolder

if TYPE_CHECKING:
    from memlab.figures.report.page import Page
    from memlab.figures.report.run_page import ModelResults
    from memlab.figures.source import RunSource


def report(
    refs: Annotated[list[str], typer.Argument(metavar="RUN_OR_SWEEP", help="Runs, or a sweep.")],
    output: Annotated[
        Path | None,
        typer.Option("-o", "--output", metavar="FILE", help="A .html or .md file."),
    ] = None,
    ood: Annotated[
        bool,
        typer.Option("--ood", help="Also evaluate runs on out-of-distribution examples."),
    ] = False,
    device: Device = "auto",
    json: Json = False,
    runs: RunsFolder = None,
) -> None:
    """Write a report as one HTML file, or as Markdown with figures, and print its path."""
    from memlab.cli.figure_sources import open_sources
    from memlab.cli.output import print_json, stdout
    from memlab.errors import MemlabError
    from memlab.record.runs import runs_folder

    sources, sweep = open_sources(refs, runs_folder(runs))
    name = sweep.id if sweep else sources[0].id + (f"-and-{len(sources) - 1}" * (len(sources) > 1))
    path = output or Path(f"{name}-report.html")
    if path.suffix not in (".html", ".md"):
        raise MemlabError(
            "unknown report format",
            found=path.suffix or "no extension", allowed=".html, .md",
        )  # fmt: skip
    page = _page(sources, sweep, ood=ood, device=device)
    written = _write(page, path)
    if json:
        print_json({"title": page.title, "files": list(map(str, written))})
    else:
        stdout().print(str(path), markup=False, soft_wrap=True)


def _page(sources: "list[RunSource]", sweep: Any, *, ood: bool, device: str) -> "Page":
    from memlab.errors import MemlabError
    from memlab.figures.report.run_page import run_page
    from memlab.figures.report.runs_page import runs_page
    from memlab.figures.report.sweep_page import sweep_page
    from memlab.figures.style import style_of

    columns = style_of("web").columns
    if sweep:
        if ood:
            raise MemlabError("--ood is for runs, not for a sweep", found=sweep.id)
        return sweep_page(sweep, columns)
    findings = [_findings(run, ood=ood, device=device) for run in sources]
    if len(sources) == 1:
        return run_page(sources[0], findings[0], columns)
    return runs_page(sources, findings, columns)


def _findings(run: "RunSource", *, ood: bool, device: str) -> "ModelResults":
    """Verdicts on the claims, and out-of-distribution results."""
    from memlab.claims.verdicts import judge
    from memlab.cli.completion import completion
    from memlab.errors import MemlabError
    from memlab.figures.report.run_page import ModelResults
    from memlab.preset.run_preset import preset_of

    try:
        claims = preset_of(run.folder).claims
    except MemlabError:
        claims = []
    verdicts = judge(claims, run.now, completion(run.folder, device))
    return ModelResults(tuple(verdicts), _ood_values(run, device) if ood else None)


def _ood_values(run: "RunSource", device: str) -> dict[str, dict[str, float]]:
    """Losses and accuracies of the last checkpoint, in and out of distribution."""
    from memlab.cli.eval import wanted_splits
    from memlab.training.evaluate import evaluate
    from memlab.training.trained_model import load_model

    trained = load_model(run.folder, "last", device)
    splits = [name for name, split in trained.run_data.dataset.splits.items() if len(split)]
    ood = wanted_splits("ood", splits)
    in_distribution = [name for name in ("test", "val") if name in splits][:1] if ood else []
    names = [*in_distribution, *ood]
    values = evaluate(trained.model, trained.run_data, names, trained.step).event.values
    return {
        name: {
            key.removeprefix(f"{name}_"): value
            for key, value in values.items()
            if key.startswith(f"{name}_")
        }
        for name in names
    }


def _write(page: "Page", path: Path) -> list[Path]:
    from memlab.figures.report.html import to_html
    from memlab.figures.report.markdown import to_markdown
    from memlab.record import files

    target = path.absolute()
    if path.suffix == ".html":
        contents = {target: to_html(page).encode()}
    else:
        folder = f"{path.stem}-figures"
        text, pictures = to_markdown(page, folder)
        contents = {target.parent / folder / name: data for name, data in pictures.items()}
        contents[target] = text.encode()
    for file, data in contents.items():
        files.make_folder(file.parent)
        files.replace(file, data)
    return list(contents)
