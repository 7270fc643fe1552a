"""`memlab plot`: figures of runs and sweeps."""

import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from memlab.cli.options import Json, RunsFolder

if TYPE_CHECKING:
    from memlab.figures.plot import FigureData
    from memlab.figures.source import FigureOptions

MAX_OPTIONS = 100
"""characters of the options in the name of a file"""
KINDS_HELP = "Kind of figure. Default: curves, overlay or heatmap. `memlab plot` lists all."


def plot(
    refs: Annotated[
        list[str] | None, typer.Argument(metavar="RUN_OR_SWEEP", help="Runs, or a sweep.")
    ] = None,
    kind: Annotated[str | None, typer.Option("--kind", metavar="KIND", help=KINDS_HELP)] = None,
    measure: Annotated[
        str | None, typer.Option("--measure", metavar="M", help="Measure, such as val_loss.")
    ] = None,
    x: Annotated[
        str | None, typer.Option("--x", metavar="KEY", help="Sweep: setting on the x axis.")
    ] = None,
    y: Annotated[
        str | None, typer.Option("--y", metavar="KEY", help="Sweep: setting on the y axis.")
    ] = None,
    at: Annotated[
        int | None, typer.Option("--at", metavar="STEP", help="Draw the run as of this step.")
    ] = None,
    spike: Annotated[
        int | None, typer.Option("--spike", metavar="N", help="Number of the spike, from 1.")
    ] = None,
    prompt: Annotated[
        str,
        typer.Option(
            "--prompt",
            metavar="TEXT",
            help="Input for attention. Default: a validation example.",
        ),
    ] = "",
    output: Annotated[
        Path | None,
        typer.Option("-o", "--output", metavar="FILE", help="Path of a .png, .svg or .pdf file."),
    ] = None,
    style_name: Annotated[
        str,
        typer.Option("--for", metavar="paper|icml|icml-wide|slides|web", help="Width and fonts."),
    ] = "paper",
    as_csv: Annotated[
        bool, typer.Option("--csv", help="Also write the numbers and a script that redraws them.")
    ] = False,
    json: Json = False,
    runs: RunsFolder = None,
) -> None:
    """Draw a figure and print its path; without a run, list the kinds of figures."""
    from memlab.cli.figure_sources import open_sources
    from memlab.cli.output import print_json, stdout
    from memlab.figures.make import OF_A_MODEL, figure_data, plot_command
    from memlab.figures.save import check_format
    from memlab.figures.source import FigureOptions
    from memlab.figures.style import style_of
    from memlab.record.runs import runs_folder

    style = style_of(style_name)
    if not refs:
        _list_kinds(json)
        return
    file_format = check_format(output.suffix) if output else "png"
    options = FigureOptions(measure, x, y, at, spike, style.columns)
    if kind in OF_A_MODEL:
        data = _model_figure(refs, kind, prompt, options, runs_folder(runs))
    else:
        data = figure_data(kind, *open_sources(refs, runs_folder(runs), at), options)
    used: dict[str, Any] = {"measure": measure, "x": x, "y": y, "at": at, "spike": spike}
    path = output or Path(f"{_file_name(data, used)}.{file_format}")
    command = plot_command(refs, data.kind, used | {"prompt": prompt or None}, style_name)
    written = _write(data, path, file_format, style_name, command, as_csv)
    if json:
        print_json({"kind": data.kind, "runs": list(data.runs), "files": list(map(str, written))})
    else:
        for path in written:
            stdout().print(str(path), markup=False, soft_wrap=True)


def _list_kinds(as_json: bool) -> None:
    from memlab.cli.output import print_json, stdout, table
    from memlab.figures.kind import all_kinds

    rows = [[kind.name, kind.draws, kind.about] for kind in all_kinds().values()]
    if as_json:
        print_json([dict(zip(("kind", "draws", "about"), row, strict=True)) for row in rows])
    else:
        words = {"attention": "run", "model": "run"}  # made from a run, too
        shown = [[name, words.get(draws, draws), about] for name, draws, about in rows]
        stdout().print(table(["kind", "of", "shows"], shown))


def _model_figure(
    refs: list[str], kind: str, prompt: str, options: "FigureOptions", runs: Path
) -> "FigureData":
    """The figure of the model of a run."""
    from memlab.api.model_figures import model_figure_data
    from memlab.api.run import Run
    from memlab.cli.output import stderr
    from memlab.errors import MemlabError
    from memlab.record.runs import find

    if len(refs) != 1:
        raise MemlabError(f"`{kind}` is drawn from one run", found=f"{len(refs)} runs")
    messages = stderr()
    run = Run(find(runs, refs[0]))
    return model_figure_data(
        run, kind, options, prompt=prompt, report=lambda line: messages.print(line, markup=False)
    )


def _file_name(data: "FigureData", used: dict[str, Any]) -> str:
    """What is drawn, with the options that were used."""
    others = f"-and-{len(data.runs) - 1}" if len(data.runs) > 1 else ""
    given = {key: str(value) for key, value in used.items() if value is not None}
    options = [value if key == "measure" else f"{key}-{value}" for key, value in given.items()]
    chosen = re.sub(r"[^\w.=-]+", "_", "".join(f"-{option}" for option in options))[:MAX_OPTIONS]
    return f"{data.runs[0]}{others}-{data.kind}{chosen}"


def _write(
    data: "FigureData", path: Path, file_format: str, style_name: str, command: str, as_csv: bool
) -> list[Path]:
    """Write the image and, on request, its numbers and script; returns the paths."""
    from memlab.figures.make import rendered
    from memlab.figures.numbers import redraw_script, to_csv
    from memlab.record import files

    contents = {path: rendered(data, file_format, style_name, command)}
    if as_csv:
        numbers, script = path.with_suffix(".csv"), path.with_suffix(".py")
        contents[numbers] = to_csv(data).encode()
        redrawn = f"{path.stem}-redrawn.png"
        contents[script] = redraw_script(data, numbers.name, redrawn).encode()
    for target, content in contents.items():
        files.make_folder(target.absolute().parent)
        files.replace(target.absolute(), content)
    return list(contents)
