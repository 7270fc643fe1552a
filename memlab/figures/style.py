"""Styles of figures: sizes by medium, colours and dashes.

NeurIPS has a text width of 5.5 in; ICML has columns of 3.25 in and a page width of 6.75 in. Fonts
have the size of captions or slightly less. The colours of Okabe and Ito (2008) are distinguishable
for colour-blind readers; dashes distinguish curves without colour.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Lock
from typing import Any, final

from memlab.errors import MemlabError, nearest


@final
@dataclass(frozen=True)
class Style:
    """Sizes of a figure."""

    width: float
    """inches"""
    panel_height: float
    """inches, of a panel with curves"""
    font: float
    """points"""
    line: float
    """points"""
    dpi: int
    """resolution of PNG files"""
    titled: bool
    """whether to draw the title; papers have it in the caption"""

    @property
    def columns(self) -> int:
        """Width in pixels, to which curves are decimated."""
        return round(self.width * self.dpi)


STYLES = {
    "paper": Style(5.5, 1.55, 8, 1.0, 300, titled=False),
    "icml": Style(3.25, 1.35, 7, 0.9, 300, titled=False),
    "icml-wide": Style(6.75, 1.7, 8, 1.0, 300, titled=False),
    "slides": Style(10.0, 2.5, 16, 2.2, 150, titled=True),
    "web": Style(7.5, 2.1, 10, 1.4, 144, titled=True),
}

BLUE, VERMILLION, GREEN = "#0072B2", "#D55E00", "#009E73"
PURPLE, SKY, ORANGE, BLACK, GREY = "#CC79A7", "#56B4E9", "#E69F00", "#000000", "#7A7A7A"
PALETTE = (BLUE, VERMILLION, GREEN, PURPLE, BLACK, SKY, ORANGE, GREY)
DASHES = ("-", (0, (5, 1.5)), (0, (1, 1)), (0, (5, 1, 1, 1)), "-", (0, (3, 1)), (0, (1, 2)), "-")
ROLES: dict[str, tuple[str, Any]] = {
    "train": (BLUE, "-"),
    "batch": (SKY, "-"),
    "band": ("#9CC7E0", "-"),
    "val": (VERMILLION, (0, (5, 1.5))),
    "test": (GREEN, (0, (1, 1))),
    "spike": (BLACK, "-"),
    "memorized": (GREEN, (0, (5, 2))),
    "grokked": ("#A2407A", (0, (5, 1.5, 1, 1.5))),
    "phase": (GREY, (0, (1, 1.5))),
    "edit": ("#8A6D00", (0, (3, 3))),
    "chance": (GREY, (0, (1, 1.5))),
}
"""Colour and dashes of the roles of a chart."""

_drawing = Lock()


def style_of(name: str) -> Style:
    """The style with this name.

    Raises:
        MemlabError: there is no such style.
    """
    if name not in STYLES:
        raise MemlabError(
            "there is no such style of figure",
            found=name,
            allowed=", ".join(STYLES),
            hint=nearest(name, STYLES),
        )
    return STYLES[name]


@contextmanager
def matplotlib_settings(style: Style) -> Iterator[None]:
    """Draw and save figures with these settings, independent of the user's settings.

    matplotlib has global settings, so a lock allows one figure at a time.
    """
    import matplotlib

    with _drawing, matplotlib.rc_context():
        matplotlib.rcdefaults()
        settings: Any = _settings(style)
        matplotlib.rcParams.update(settings)
        yield


def _settings(style: Style) -> dict[str, Any]:
    thin = 0.5 * style.line
    return {
        "font.family": "DejaVu Sans",  # comes with matplotlib: the same picture on every machine
        "font.size": style.font,
        "axes.labelsize": style.font,
        "axes.titlesize": style.font,
        "xtick.labelsize": 0.9 * style.font,
        "ytick.labelsize": 0.9 * style.font,
        "legend.fontsize": 0.9 * style.font,
        "figure.titlesize": 1.1 * style.font,
        "lines.linewidth": style.line,
        "axes.linewidth": thin,
        "xtick.major.width": thin,
        "ytick.major.width": thin,
        "xtick.minor.width": 0.7 * thin,
        "ytick.minor.width": 0.7 * thin,
        "hatch.linewidth": thin,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.unicode_minus": True,
        "legend.frameon": False,
        "path.simplify": False,  # it may drop the only point of a spike
        "pdf.fonttype": 42,
        "svg.fonttype": "path",
        "svg.hashsalt": "memlab",
        "savefig.dpi": style.dpi,
        "figure.dpi": style.dpi,
    }
