"""Make a figure in one call from its kind, source and style."""

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import fields
from typing import TYPE_CHECKING, Any

from memlab.errors import MemlabError, nearest
from memlab.figures.draw import draw
from memlab.figures.kind import kind_of
from memlab.figures.plot import FigureData
from memlab.figures.save import Origin, to_bytes
from memlab.figures.source import FigureOptions, RunSource, SweepSnapshot
from memlab.figures.style import Style, style_of

if TYPE_CHECKING:
    from matplotlib.figure import Figure

OF_A_MODEL = ("attention", "spectrum", "logit-table")
"""kinds that need the model of a run and therefore import torch"""


def figure_data(
    kind: str | None,
    runs: Sequence[RunSource],
    sweep: SweepSnapshot | None,
    options: FigureOptions,
) -> FigureData:
    """The data of a figure of runs, or of a sweep.

    Args:
        kind: a name of `memlab.figures.kind.all_kinds`; None = the default for the source.

    Raises:
        MemlabError: there is no such kind, it needs another source, or the source has no data for
            it.
    """
    chosen = kind_of(kind or _default_kind(runs, sweep))
    accepted = {"run": len(runs) == 1, "runs": len(runs) > 0, "sweep": sweep is not None}
    if not any(accepted.get(part, False) for part in chosen.draws.split(" or ")):
        needed = {"runs": "several runs"} | dict.fromkeys(("attention", "model"), "one run")
        raise MemlabError(
            f"`{chosen.name}` cannot be drawn from these sources",
            found="a sweep" if sweep else f"{len(runs)} runs" if len(runs) != 1 else "one run",
            allowed=needed.get(chosen.draws, f"one {chosen.draws}"),
        )
    return chosen.make(sweep if sweep and "sweep" in chosen.draws else runs, options)


def _default_kind(runs: Sequence[RunSource], sweep: SweepSnapshot | None) -> str:
    if sweep:
        return "heatmap" if sweep.sweep.axes else "bands"
    return "curves" if len(runs) == 1 else "overlay"


def figure_options(style: Style, options: Mapping[str, Any]) -> FigureOptions:
    """Figure options from their names and values, for a style.

    Raises:
        MemlabError: there is no option with this name.
    """
    known = [option.name for option in fields(FigureOptions) if option.name != "columns"]
    for name in options:
        if name not in known:
            raise MemlabError(
                "there is no such figure option",
                found=name, allowed=", ".join(known), hint=nearest(name, known),
            )  # fmt: skip
    return FigureOptions(columns=style.columns, **options)


def figure_of(
    kind: str | None,
    runs: Sequence[RunSource],
    sweep: SweepSnapshot | None,
    made_for: str,
    options: Mapping[str, Any],
) -> "Figure":
    """A matplotlib figure.

    Args:
        kind: see `figure_data`.
        made_for: a name of `memlab.figures.style.STYLES`.
        options: measure, x, y, at, spike; see `FigureOptions`.

    Raises:
        MemlabError: as `figure_data`; or there is no such style or option.
    """
    style = style_of(made_for)
    return draw(figure_data(kind, runs, sweep, figure_options(style, options)), style)


def picture_of(kind: str, source: Any, made_for: str = "paper") -> bytes:
    """The figure as a PNG.

    Raises:
        MemlabError: as `figure_of`.
    """
    data = kind_of(kind).make(source, FigureOptions(columns=style_of(made_for).columns))
    return rendered(data, "png", made_for, plot_command(data.runs, kind, {}, made_for))


def rendered(data: FigureData, file_format: str, made_for: str, command: str) -> bytes:
    """The content of a figure file.

    Args:
        data: the figure.
        file_format: one of `memlab.figures.save.FORMATS`.
        made_for: a name of `memlab.figures.style.STYLES`.
        command: the command that makes the figure, for the metadata of the file.
    """
    style = style_of(made_for)
    origin = Origin(data.title, data.runs, command)
    return to_bytes(draw(data, style), file_format, style, origin)


def plot_command(refs: Sequence[str], kind: str, options: Mapping[str, Any], made_for: str) -> str:
    """The `memlab plot` command of a figure, without a file name.

    Args:
        refs: runs or a sweep.
        kind: a name of `memlab.figures.kind.all_kinds`.
        options: name to value; None = not given.
        made_for: a name of `memlab.figures.style.STYLES`.
    """
    words = ["memlab", "plot", *refs, "--kind", kind]
    for name, value in options.items():
        if value is not None:
            words += [f"--{name}", str(value)]
    return shlex.join([*words, "--for", made_for])
