"""A figure in one call: the kind, what it is drawn from, where it is shown."""

import shlex
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from memlab.figures.draw import draw
from memlab.figures.kind import kind_of
from memlab.figures.save import Origin, to_bytes
from memlab.figures.source import FigureOptions
from memlab.figures.style import style_of

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def figure_of(kind: str, source: Any, made_for: str = "web", **options: Any) -> "Figure":
    """A matplotlib figure.

    Args:
        kind: a name of `memlab.figures.kind.all_kinds`.
        source: what that kind is drawn from; see `Kind.draws`.
        made_for: a name of `memlab.figures.style.STYLES`.
        options: measure, x, y, at, spike; see `FigureOptions`.

    Raises:
        MemlabError: there is no such kind or style, or nothing to draw.
    """
    style = style_of(made_for)
    made = kind_of(kind).make(source, FigureOptions(columns=style.columns, **options))
    return draw(made, style)


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
