"""A figure in one call: the kind, what it is drawn from, where it is shown."""

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
"""kinds that are drawn from a model, for which training code is loaded"""


def figure_data(
    kind: str | None,
    runs: Sequence[RunSource],
    sweep: SweepSnapshot | None,
    options: FigureOptions,
) -> FigureData:
    """What a figure of runs, or of a sweep and its runs, shows.

    Args:
        kind: a name of `memlab.figures.kind.all_kinds`; None = the usual one.

    Raises:
        MemlabError: there is no such kind, it is not drawn from this, or there is nothing to draw.
    """
    chosen = kind_of(kind or _usual_kind(runs, sweep))
    accepted = {"run": len(runs) == 1, "runs": len(runs) > 0, "sweep": sweep is not None}
    if not any(accepted.get(part, False) for part in chosen.draws.split(" or ")):
        needed = {"runs": "several runs"} | dict.fromkeys(("attention", "model"), "one run")
        raise MemlabError(
            f"`{chosen.name}` cannot be drawn from these sources",
            found="a sweep" if sweep else f"{len(runs)} runs" if len(runs) != 1 else "one run",
            allowed=needed.get(chosen.draws, f"one {chosen.draws}"),
        )
    return chosen.make(sweep if sweep and "sweep" in chosen.draws else runs, options)


def _usual_kind(runs: Sequence[RunSource], sweep: SweepSnapshot | None) -> str:
    if sweep:
        return "heatmap" if sweep.sweep.axes else "bands"
    return "curves" if len(runs) == 1 else "overlay"


def figure_options(style: Style, options: Mapping[str, Any]) -> FigureOptions:
    """Options by name, for a figure in a style.

    Raises:
        MemlabError: there is no option of that name.
    """
    known = [option.name for option in fields(FigureOptions) if option.name != "columns"]
    for name in options:
        if name not in known:
            raise MemlabError(
                "figures have no such option",
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
        MemlabError: see `figure_data`; or there is no such style or option.
    """
    style = style_of(made_for)
    return draw(figure_data(kind, runs, sweep, figure_options(style, options)), style)


def picture_of(kind: str, source: Any, made_for: str = "paper") -> bytes:
    """The figure as a PNG.

    Raises:
        MemlabError: see `figure_of`.
    """
    style = style_of(made_for)
    made = kind_of(kind).make(source, FigureOptions(columns=style.columns))
    command = plot_command(made.runs, kind, {}, made_for)
    return to_bytes(draw(made, style), "png", style, Origin(made.title, made.runs, command))


def plot_command(refs: Sequence[str], kind: str, options: Any, made_for: str) -> str:
    """The command that makes a figure, whatever its file is called.

    Args:
        options: name to value; those without a value are left out.
    """
    words = ["memlab", "plot", *refs, "--kind", kind]
    for name, value in options.items():
        if value is not None:
            words += [f"--{name}", str(value)]
    return shlex.join([*words, "--for", made_for])
